/**
 * Compute slices of a whole board under MIG: the largest number of instances in NVIDIA's MIG User Guide, chapter Supported GPUs. An RTX PRO is
 * divided into quarters or halves, as its chapter Supported MIG Profiles shows (4g.96gb and 2g.48gb are whole boards).
 */
const WHOLE: readonly (readonly [model: RegExp, slices: number])[] = [
  [/\bA30\b/, 4],
  [/\bRTX PRO 6000\b/, 4],
  [/\bRTX PRO [45]\d00\b/, 2],
  [/\bThor\b/, 2],
  [/\b(A100|A800|PG506|H100|H800|H20|H200|GH200|B100|B200|GB200|B300|GB300)\b/, 7],
]
/** What boards so far are divided into. */
const DIVISIONS = [2, 4, 7]
const MOST = 7

/** A MIG profile, such as 2 slices and 48 GB of `2g.48gb+me`. */
interface Profile {
  slices: number
  memoryGb: number | undefined
}

/** Compute slices and memory in a profile's name; undefined where it names no slices. */
export function profileOf(name: string | undefined): Profile | undefined {
  const [, slices, memory] = /(\d+)g(?:\.(\d+)gb)?/i.exec(name ?? '') ?? []
  if (slices === undefined || Number(slices) === 0) return undefined
  return { slices: Number(slices), memoryGb: memory === undefined ? undefined : Number(memory) }
}

/**
 * Compute slices of a whole board: the model's; for a new model the largest number that its instances tell.
 * @param profiles names of the profiles of the board's instances
 * @param boardGb memory of the board; undefined: not known
 */
export function wholeSlices(
  model: string | undefined,
  profiles: readonly string[],
  boardGb: number | undefined,
): number {
  const known = WHOLE.find(([pattern]) => pattern.test(model ?? ''))?.[1]
  const parts = profiles.flatMap((name) => profileOf(name) ?? [])
  const used = parts.reduce((sum, { slices }) => sum + slices, 0)
  return Math.max(known ?? divisionOf(parts, boardGb), used)
}

/** By memory: an instance has about that part of the board's memory which it has of the slices. */
function divisionOf(parts: readonly Profile[], boardGb: number | undefined): number {
  const wholes = parts.flatMap(({ slices, memoryGb }) =>
    memoryGb && boardGb ? [(slices * boardGb) / memoryGb] : [],
  )
  if (wholes.length === 0) return MOST
  // a profile with twice the memory for one slice tells a smaller whole than the others
  const whole = Math.max(...wholes)
  return DIVISIONS.find((slices) => whole < slices + 1) ?? MOST
}

/**
 * SMs of one compute slice by `nvidia-smi mig -lgip`: A100 and A30 14, 28, 42, 56, 98 (NVIDIA, MIG User Guide), H100 16, 26, 32, 60, 64,
 * 132 (jbarrow.ai, field notes on MIG). A larger profile can have some more than its slices.
 */
const SLICE_SMS: readonly (readonly [model: RegExp, sms: number])[] = [
  [/\b(A100|A800|PG506|A30)\b/, 14],
  [/\b(H100|H800|H200|GH200)\b/, 16],
]

/** The compute slices of an instance with so many SMs; undefined for a model whose slices are not known. */
export function slicesOfSms(model: string | undefined, smCount: number): number | undefined {
  const sms = SLICE_SMS.find(([pattern]) => pattern.test(model ?? ''))?.[1]
  return sms === undefined || smCount < sms ? undefined : Math.min(MOST, Math.floor(smCount / sms))
}
