/** What of a month is still open. */
export interface OpenOfMonth {
  /** minutes that are due and wait to be settled */
  waitingMinutes: number
  /** records that were put aside and wait for a decision */
  putAsideRecords?: number | undefined
  /** records that are doubtful, or of a machine that another agent has, and wait for a decision */
  doubtfulRecords?: number | undefined
}

/** Why a month’s amounts are those of a part, for a person; empty where they are not. */
export function whyProvisional({
  waitingMinutes,
  putAsideRecords = 0,
  doubtfulRecords = 0,
}: OpenOfMonth): string[] {
  const wait = (records: number) => (records === 1 ? 'record waits' : 'records wait')
  return [
    ...(waitingMinutes > 0 ? [`minutes of the month that are not settled yet: ${waitingMinutes}`] : []),
    ...(putAsideRecords > 0
      ? [
          `${putAsideRecords} ${wait(putAsideRecords)} for a decision: the site put them aside for the time that they say`,
        ]
      : []),
    ...(doubtfulRecords > 0 ? [`${doubtfulRecords} doubtful ${wait(doubtfulRecords)} for a decision`] : []),
  ]
}
