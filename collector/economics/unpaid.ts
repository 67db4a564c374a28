/** Names for energy that earns nothing. A workload of the configuration must not have one of them. */
export const UNPAID = {
  /** energy of machines that nobody held */
  idle: 'idle',
  /** energy of machines whose owner matches no rule */
  unassigned: 'unassigned',
  /** energy that meters measured beyond the machines: cooling, network, losses */
  overhead: 'overhead',
  /**
   * difference between a meter and the readings behind it that contradict it; negative where the machines report more than their
   * meter, so that the sum of all workloads stays the meter's reading
   */
  unaccounted: 'unaccounted',
} as const

/** Whether a name of the ledger is one of UNPAID. */
export const isUnpaid = (name: string): boolean => (Object.values(UNPAID) as string[]).includes(name)
