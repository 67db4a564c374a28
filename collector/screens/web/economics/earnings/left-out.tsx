import type { Explanation } from '../../../../views/explanation.ts'
import { many } from '../../parts/format.ts'
import { useMoney } from '../../parts/money.ts'

const MOST_NAMED = 5
const NANO = 1e9

/** What a minute's figures leave out, and what the pool credited too little around it. */
export function LeftOut({ of: { heldBack = [], poolShort = [] } }: { of: Explanation }) {
  const money = useMoney()
  return (
    <>
      {heldBack.length > 0 && (
        <>
          <h3>Held back, in none of these figures: {many(heldBack.length, 'record')}</h3>
          <ul>
            {heldBack.slice(0, MOST_NAMED).map((h) => (
              <li key={`${h.agentId} ${h.deviceId} ${h.start} ${h.kind}`}>
                {h.deviceId}: {h.state === 'open' ? 'waits for a person' : h.state}, would earn{' '}
                {money.exact(h.revenueNanoUsd / NANO)}. {h.reason}
              </li>
            ))}
          </ul>
        </>
      )}
      {poolShort.length > 0 && (
        <>
          <h3>The pool credited less than is counted here, over 24 h</h3>
          <ul>
            {poolShort.slice(0, MOST_NAMED).map((w) => (
              <li key={`${w.pool} ${w.worker}`}>
                {w.worker} ({w.devices.join(', ')}), pool {w.pool}: {Math.round(w.shortWorkDiff1)}{' '}
                difficulty-1 shares{w.shortUsd !== undefined && `, ${money.text(w.shortUsd)}`}
              </li>
            ))}
          </ul>
        </>
      )}
      {(heldBack.length > MOST_NAMED || poolShort.length > MOST_NAMED) && (
        <p class="quiet">/api/v1/explain lists them all</p>
      )}
    </>
  )
}
