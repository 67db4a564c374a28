import type { IPoint } from 'influx'
import type { Issue, IssueStore, IssueText } from '../../plugin/issue-store.ts'
import type { InfluxClient } from './client.ts'
import { literal } from './influxql.ts'
import { point, type Row, text } from './measurements.ts'
import { textPieces } from './text-pieces.ts'

/** The texts are written first: the issue itself marks that they are complete. */
export const influxIssues = (influx: () => InfluxClient): IssueStore => {
  const issues = async () =>
    (await influx().rows('SELECT * FROM issue'))
      .map(issueOf)
      .sort((a, b) => a.atMs - b.atMs || (a.number < b.number ? -1 : 1))
  return {
    async writeIssue(issue, texts) {
      if ((await issues()).some(({ number }) => number === issue.number)) return
      await influx().remove([`DELETE FROM issueText WHERE number = ${literal(issue.number)}`])
      await influx().write(texts.flatMap((part) => textPoints(issue, part)))
      const { number, atMs, ...fields } = issue
      await influx().write([point('issue', atMs, { number }, fields)])
    },
    issues,
    async issueText(number, part) {
      if (!(await issues()).some((issue) => issue.number === number)) return undefined
      const rows = await influx().rows(
        `SELECT text FROM issueText WHERE number = ${literal(number)} AND part = ${literal(part)}`,
      )
      return rows.length === 0 ? undefined : rows.map((row) => text(row['text'])).join('')
    },
  }
}

/** Neighbouring times keep the order of a text's pieces. */
function textPoints({ number, atMs }: Issue, { part, text: whole }: IssueText): IPoint[] {
  return textPieces(whole).map((piece, i) => point('issueText', atMs + i, { number, part }, { text: piece }))
}

const issueOf = (row: Row): Issue => ({
  number: text(row['number']),
  month: text(row['month']),
  ...(row['customer'] === null || row['customer'] === undefined ? {} : { customer: text(row['customer']) }),
  atMs: row.time,
  by: text(row['by']),
  revision: text(row['revision']),
  totalUsd: Number(row['totalUsd']),
  dueUsd: Number(row['dueUsd']),
})
