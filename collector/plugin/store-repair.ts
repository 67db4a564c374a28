/** The repair of a damaged store, planned and not yet done. */
export interface StoreRepair {
  /** what it will do, a sentence a line, for the person who decides */
  plan: readonly string[]
  /** Does it. @returns what came of it, a sentence a line. Rejects where it fails; the copy that it made first stays */
  run(): Promise<readonly string[]>
}
