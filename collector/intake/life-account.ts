import { INTERVAL_QUANTITIES, type Interval, type IntervalQuantity } from '../../protocol/interval.ts'

/** What machines count, whatever the agent observes. Energy is counted by some, and integrated from power for the others. */
const COUNTED: readonly IntervalQuantity[] = ['workDiff1', 'tokensIn', 'tokensInCached', 'tokensOut']
const ENERGY: readonly IntervalQuantity[] = ['energyMilliJ', 'exportedMilliJ']
const BOOKED = [...COUNTED, ...ENERGY]

export type Amounts = Partial<Record<IntervalQuantity, number>>

/**
 * How one life of a spool stands to what is stored of one device. All lives read the same counters, so what each has told of them grows
 * alike: what is stored is as much as the one that has told most.
 */
export interface DeviceAccount {
  /** what is stored beyond what this life has told; negative: it told more, in times of which everything is stored already */
  ahead: Amounts
  /** end of the latest stored record in `ahead`, Unix ms */
  toMs: number
  /** what is stored of this time is in `ahead`, Unix ms; absent where the life's numbers tell its place */
  readFromMs?: number
  readToMs?: number
  /** the most in one record */
  most: Amounts
  /** it has an energy counter: it has recovered energy of a minute that nothing observed */
  metered?: true
}

/**
 * What is known of one life of an agent's spool, after another one recorded the same time. Kept as JSON with the mark, so its property
 * names are an on-disk format.
 */
export interface LifeAccount {
  kind: 'went-back' | 'another-spool'
  /** start of the newest record that the earlier life had stored, Unix ms; absent: not known */
  sinceMs?: number
  /** when the present life began; the earlier one recorded nothing later */
  beganMs: number
  /** records that start after this are the present life's alone, Unix ms */
  untilMs: number
  /** sequence number up to which its records are stored */
  seq: number
  /** its numbers don't tell which of the stored records are its own: their times do */
  byTime?: true
  /** it follows on no other life: its counters begin with it, so what it has never told of a device it may not have counted */
  fresh?: true
  /** by device; one that is missing is level */
  devices: Record<string, DeviceAccount>
  /** devices that the present life has observed, so that the end of their gap is known */
  seen: string[]
  /** whether a loss has told of it */
  told?: true
}

/** The account of a device; a new one is level. */
export function deviceOf({ devices }: LifeAccount, deviceId: string): DeviceAccount {
  const found = devices[deviceId] ?? { ahead: {}, toMs: 0, most: {} }
  devices[deviceId] = found
  return found
}

/** Another life's records are stored. Where times tell the place of this one, it meets them when it gets there. */
export function noteOthers(account: LifeAccount, records: readonly Interval[]): void {
  for (const record of records) {
    const { readFromMs = 0, readToMs = 0 } = account.devices[record.deviceId] ?? {}
    const part = account.byTime ? partOf(record, readFromMs, readToMs) : record
    if (part) addStored(deviceOf(account, record.deviceId), part, BOOKED)
  }
}

/**
 * Takes in what is stored of a device in the time of the life's records, from the first of them on: what is stored before is of the past
 * that both lives share.
 * @param fromMs begin of these records, Unix ms
 * @param toMs end of their minute
 * @param fresh the life's records where its counters begin with it
 */
export function readStored(
  device: DeviceAccount,
  stored: readonly Interval[],
  { fromMs, toMs, fresh }: { fromMs: number; toMs: number; fresh?: readonly Interval[] | undefined },
): void {
  const isTold = (name: IntervalQuantity) =>
    device.ahead[name] !== undefined || fresh?.some((r) => r[name] !== undefined)
  const names = fresh ? BOOKED.filter(isTold) : BOOKED
  const { readFromMs = fromMs, readToMs = fromMs } = device
  for (const record of stored)
    for (const part of [partOf(record, fromMs, readFromMs), partOf(record, readToMs, toMs)])
      if (part) addStored(device, part, names)
  device.readFromMs = Math.min(readFromMs, fromMs)
  device.readToMs = Math.max(readToMs, toMs)
}

/**
 * Books a record that the life tells, and gives the part of it that is to be stored what the stored ones lack of its counters' growth.
 * @param rest the part of the record's time of which nothing is stored; undefined where there is none
 */
export function book(device: DeviceAccount, record: Interval, rest: Interval | undefined): void {
  for (const name of BOOKED) {
    const amount = record[name]
    if (amount === undefined) continue
    const ahead = device.ahead[name] ?? 0
    if (rest && isCounted(device, name)) rest[name] = Math.max(0, amount - ahead)
    device.ahead[name] = ahead - amount + (rest?.[name] ?? 0)
    device.most[name] = Math.max(device.most[name] ?? 0, amount)
  }
}

/**
 * The life observes a device at a time after all that others stored, so it has told of all their growth. What is still ahead then is
 * what two who read at other moments differ by: a share or two. Where it is far more, a counter began again in between, and what is
 * stored was no part of its growth.
 * @param sent records of one minute, none of them recovered
 */
export function forgetBegunAgain(device: DeviceAccount, sent: readonly Interval[]): void {
  const fromMs = Math.min(...sent.map((r) => r.startMs))
  if (fromMs < device.toMs) return
  for (const name of BOOKED) {
    const told = sent.flatMap((r) => r[name] ?? [])
    // a counter that this minute does not tell may catch up with the next
    if (told.length === 0) continue
    const sum = told.reduce((a, b) => a + b, 0)
    if ((device.ahead[name] ?? 0) > 2 * Math.max(device.most[name] ?? 0, sum)) device.ahead[name] = 0
  }
}

/** Notes which devices have an energy counter. */
export function noteMetered(account: LifeAccount, records: readonly Interval[]): void {
  for (const { deviceId, recovered, coveredMs, energyMilliJ = 0, exportedMilliJ = 0 } of records)
    if (recovered && coveredMs === 0 && energyMilliJ + exportedMilliJ > 0)
      deviceOf(account, deviceId).metered = true
}

/** Whether what is stored of any device is more or less than what the life has told of its counters. */
export const isUneven = ({ devices }: LifeAccount): boolean =>
  Object.values(devices).some((device) =>
    BOOKED.some((name) => isCounted(device, name) && (device.ahead[name] ?? 0) !== 0),
  )

/** Without the devices that are level, and whose place is known. */
export function withoutLevel(account: LifeAccount): LifeAccount {
  const isOpen = ({ ahead, readToMs = Number.POSITIVE_INFINITY }: DeviceAccount) =>
    (account.byTime && readToMs <= account.untilMs) || Object.values(ahead).some((amount) => amount !== 0)
  const devices = Object.entries(account.devices).filter(([, device]) => isOpen(device))
  return { ...account, devices: Object.fromEntries(devices) }
}

export const endOf = (r: Interval): number => r.startMs + r.durationMs

const isCounted = ({ metered }: DeviceAccount, name: IntervalQuantity): boolean =>
  metered === true || COUNTED.includes(name)

function addStored(device: DeviceAccount, record: Interval, names: readonly IntervalQuantity[]): void {
  for (const name of names) {
    device.ahead[name] = (device.ahead[name] ?? 0) + (record[name] ?? 0)
    device.most[name] = Math.max(device.most[name] ?? 0, record[name] ?? 0)
  }
  device.toMs = Math.max(device.toMs, endOf(record))
}

/** The part of a record in a time, as its length goes; undefined where there is none. */
export function partOf(record: Interval, fromMs: number, toMs: number): Interval | undefined {
  const startMs = Math.max(record.startMs, fromMs)
  const durationMs = Math.min(endOf(record), toMs) - startMs
  if (durationMs <= 0) return undefined
  if (durationMs === record.durationMs) return record
  const part: Interval = { ...record, startMs, durationMs }
  // parts that follow on each other add up to the whole
  const upTo = (amount: number, ms: number) =>
    Math.round((amount * (ms - record.startMs)) / record.durationMs)
  for (const name of ['coveredMs', ...INTERVAL_QUANTITIES] as const) {
    const whole = record[name]
    if (whole !== undefined) part[name] = upTo(whole, startMs + durationMs) - upTo(whole, startMs)
  }
  return part
}
