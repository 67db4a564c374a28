/** One kind of store under the contract test, running. */
export interface StoreRig {
  /**
   * The settings of an empty database, as they stand in YAML without the word `store`. Called before each test.
   * @param number differs from call to call: a name for a database that no earlier test has written
   */
  settings(number: number): Record<string, unknown>
  /** Ends what was started. */
  stop?(): Promise<void>
}

/**
 * The default export of stores/NAME/NAME.rig.ts, the test data of a store: starts the server that the store writes to, if it has
 * one. A store in the data folder needs none: each test has a folder of its own.
 */
export type StartStoreRig = () => Promise<StoreRig>
