import type { Issue, IssueStore } from '../../plugin/issue-store.ts'
import type { Database } from './database.ts'

export const duckdbIssues = (database: Database): IssueStore => ({
  writeIssue: (issue, texts) =>
    database.write(async (connection) => {
      const { number } = issue
      const there = await connection.query('SELECT number FROM issue WHERE number = $number', { number })
      if (there.length > 0) return
      await connection.append('issue', [issue])
      await connection.append(
        'issueText',
        texts.map((text) => ({ number, ...text })),
      )
    }),
  issues: () => database.read<Issue>('SELECT * FROM issue ORDER BY atMs, number'),
  async issueText(number, part) {
    const [row] = await database.read<{ text: string }>(
      'SELECT text FROM issueText WHERE number = $number AND part = $part',
      { number, part },
    )
    return row?.text
  },
})
