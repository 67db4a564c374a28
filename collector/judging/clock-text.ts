import { HOUR_MS, MINUTE_MS } from '../../protocol/units.ts'

const DAY_MS = 24 * HOUR_MS

/** How far a clock is off, in words: `1 d 2 h ahead`, `3 min 20 s behind`. @param aheadMs negative: it is behind */
export function differenceText(aheadMs: number): string {
  const ms = Math.abs(aheadMs)
  const side = aheadMs < 0 ? 'behind' : 'ahead'
  const text =
    ms >= DAY_MS - HOUR_MS / 2
      ? parts(ms, DAY_MS, 'd', HOUR_MS, 'h')
      : ms >= HOUR_MS - MINUTE_MS / 2
        ? parts(ms, HOUR_MS, 'h', MINUTE_MS, 'min')
        : parts(ms, MINUTE_MS, 'min', 1000, 's')
  return `${text} ${side}`
}

function parts(ms: number, largeMs: number, large: string, smallMs: number, small: string): string {
  const all = Math.round(ms / smallMs)
  const each = largeMs / smallMs
  const rest = all % each
  const whole = Math.floor(all / each)
  return [whole > 0 ? `${whole} ${large}` : '', rest > 0 || whole === 0 ? `${rest} ${small}` : '']
    .filter((part) => part !== '')
    .join(' ')
}
