/**
 * Words of faults by which something that a device does is not paid, sold or billed though it works. The agent makes its faults of them, and
 * the collector knows such a fault by them. They stand near its beginning, because a message takes 256 characters of it.
 */
export const UNPAID_FAULTS = {
  severalServers: 'several servers answer at this address',
  severalNodes: 'several nodes answer at this address',
  twoMachines: 'two machines answer at this address in turn',
  contradictingCounters: 'twice with the same labels and different values',
  leaptTokens: 'its token counters leapt by more',
  uncountedSeries: 'the rest is not sold',
  unknownInput: 'its input is not sold until it does',
  unknownEnd: 'input from there is not sold until then',
  earnsNothing: 'it earns nothing',
  littlePaid: '% of its work is paid for',
} as const

const WORDS = Object.values(UNPAID_FAULTS)

/** Whether a fault says that something is not paid though the device works. */
export const isUnpaidFault = (fault: string): boolean => WORDS.some((words) => fault.includes(words))
