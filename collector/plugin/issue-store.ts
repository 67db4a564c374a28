/** A statement as it was issued. Its key is the number: a statement is issued once, and later changes are corrections on another. */
export interface Issue {
  number: string
  /** `2026-11` */
  month: string
  /** absent for the site's own statement */
  customer?: string
  /** collector's clock */
  atMs: number
  by: string
  /** that of the copy that its receiver has */
  revision: string
  totalUsd: number
  /** with its corrections of earlier statements */
  dueUsd: number
}

/** A text that belongs to an issue: a copy in one of its forms, or the figures that later corrections are compared with. */
export interface IssueText {
  /** `customer.json`, `own.html`, `minutes 2026-11` */
  part: string
  text: string
}

/** The part of the store that keeps issued statements. Nothing changes or removes them. */
export interface IssueStore {
  /** Keeps an issue with its texts, all or nothing. An issue whose number is there stays as it is. */
  writeIssue(issue: Issue, texts: readonly IssueText[]): Promise<void>
  /** All, oldest first. */
  issues(): Promise<Issue[]>
  /** Undefined where the issue has no such part. */
  issueText(number: string, part: string): Promise<string | undefined>
}
