import type { SensitivityView, WhatIf } from '../../../../economics/choices/whatif-answer.ts'
import { useMoney } from '../../parts/money.ts'
import { inputOf } from './fields.ts'

/** How far 10 % less and 10 % more of each input would move the site's net, largest effect first. */
export function Tornado({ of: { sensitivities, site } }: { of: WhatIf }) {
  const net = site.after.netUsdPerH
  const moves = (s: SensitivityView) =>
    [(s.netAtLowUsdPerH ?? net) - net, (s.netAtHighUsdPerH ?? net) - net] as const
  const rows = sensitivities.filter((s) => s.netAtLowUsdPerH !== undefined)
  const widest = Math.max(...rows.flatMap((s) => moves(s).map(Math.abs)))
  if (!(widest > 0)) return <p class="quiet">No known input would change the net.</p>
  return (
    <>
      <h3>Effect on the net of 10 % less and 10 % more</h3>
      <ul class="tornado">
        {rows.map((s) => (
          <Bar key={s.input} s={s} moves={moves(s)} widest={widest} />
        ))}
      </ul>
    </>
  )
}

function Bar(props: { s: SensitivityView; moves: readonly [number, number]; widest: number }) {
  const { s, moves, widest } = props
  const money = useMoney()
  const [low, high] = moves
  const { label, text } = inputOf(s, money)
  const change = (usd: number) => `${usd > 0 ? '+' : ''}${money.text(usd)}/h`
  /** a bar from the middle, % of the whole width */
  const style = (usd: number) => {
    const part = (50 * usd) / widest
    return { left: `${50 + Math.min(0, part)}%`, width: `${Math.abs(part)}%` }
  }
  return (
    <li>
      <span>
        {label} <small>{text}</small>
      </span>
      <span class="bars" aria-hidden="true">
        <i class="less" style={style(low)} />
        <i class="more" style={style(high)} />
      </span>
      <span class="digits">
        −10 % {change(low)} · +10 % {change(high)}
      </span>
    </li>
  )
}
