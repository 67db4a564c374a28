import type { Explanation } from '../../../../views/explanation.ts'
import { clock, count, many, significant } from '../../parts/format.ts'
import { useMoney } from '../../parts/money.ts'
import { priceName, priceText } from '../../parts/price-text.ts'
import { Arithmetic } from '../parts/arithmetic.tsx'
import { evaluate } from '../parts/evaluate.ts'
import { Failure } from '../parts/section.tsx'
import { Table } from '../parts/table.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { LeftOut } from './left-out.tsx'

const MOST_PARTS = 25
const NANO = 1e9
const NANO_DIGITS = 9

/** One workload's newest minute, record by record, with the ledger's arithmetic computed again here. */
export function MinuteExplained(props: { workload: string; minute: string; timeZone: string }) {
  const { workload, minute, timeZone } = props
  const answer = useAnswer<Explanation>({
    path: `/api/v1/explain?workload=${encodeURIComponent(workload)}&minute=${encodeURIComponent(minute)}`,
  })
  return (
    <section aria-busy={answer.busy}>
      <h3>The newest minute, {clock(Date.parse(minute), timeZone)}</h3>
      <Failure answer={answer} timeZone={timeZone} />
      {answer.data ? (
        <Parts of={answer.data} timeZone={timeZone} />
      ) : (
        answer.busy && <p class="quiet">Waiting for the ledger …</p>
      )}
    </section>
  )
}

function Parts({ of, timeZone }: { of: Explanation; timeZone: string }) {
  const money = useMoney()
  const { sums, intervals, contract } = of
  const usd = (nanoUsd: number) => money.exact(nanoUsd / NANO)
  const net = money.sum(
    [sums.revenueNanoUsd, -sums.costNanoUsd, -sums.demandNanoUsd].map((n) => n / NANO),
    NANO_DIGITS,
  )
  const [revenue = '', cost = '', demand = ''] = net.terms
  const parts = intervals.toSorted(
    (a, b) => b.revenueNanoUsd - a.revenueNanoUsd || b.energyMilliJ - a.energyMilliJ,
  )
  const rest = parts.slice(MOST_PARTS)
  const restUsd = rest.reduce((sum, p) => sum + p.revenueNanoUsd, 0)
  return (
    <>
      <Check of={of} timeZone={timeZone} />
      <dl class="sums">
        <Sum name="Energy" value={`${significant(sums.energyMilliJ / 3.6e9)} kWh`} />
        <Sum name="Revenue" value={revenue} />
        {sums.estimatedRevenueNanoUsd !== 0 && (
          <Sum name="of it estimated" value={usd(sums.estimatedRevenueNanoUsd)} />
        )}
        {sums.trueUpRevenueNanoUsd !== 0 && (
          <Sum name="of it true-up by pools" value={usd(sums.trueUpRevenueNanoUsd)} />
        )}
        <Sum name="Energy cost" value={cost} />
        <Sum name="Demand charge" value={demand} />
        <Sum name="Net" value={net.total} />
      </dl>
      <LeftOut of={of} />
      {contract && <Arithmetic name="contractNanoUsd" unit="nano-USD" of={contract} />}
      <h3>Prices of that minute</h3>
      <Table
        label="Prices of that minute"
        rows={of.quotes}
        keyOf={(q) => q.name}
        columns={[
          { name: 'Price', cell: (q) => priceName(q.name) },
          { name: 'Value', number: true, cell: (q) => priceText(q, money) },
          { name: 'Source', cell: (q) => q.source },
        ]}
      />
      <h3>{many(intervals.length, 'record')}</h3>
      {parts.slice(0, MOST_PARTS).map((p, i) => (
        <details key={`${p.agentId} ${p.deviceId} ${p.start} ${i}`}>
          <summary>
            <b>{p.deviceId || of.workload}</b>{' '}
            <span class="digits">
              {usd(p.revenueNanoUsd)} − {usd(p.costNanoUsd)}
            </span>
          </summary>
          {p.energy && <Arithmetic name="energyMilliJ" unit="mJ" of={p.energy} />}
          <Arithmetic name="revenueNanoUsd" unit="nano-USD" of={p.revenue} />
          <Arithmetic name="costNanoUsd" unit="nano-USD" of={p.cost} />
          {p.demand && <Arithmetic name="demandNanoUsd" unit="nano-USD" of={p.demand} />}
        </details>
      ))}
      {rest.length > 0 && (
        <p class="quiet">
          and {count(rest.length)} more with a revenue of {usd(restUsd)}; /api/v1/explain lists them all
        </p>
      )}
    </>
  )
}

const Sum = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd class="digits">{value}</dd>
  </div>
)

/** Whether the records add up to the ledger’s figure, by the collector’s and by this browser’s arithmetic. */
function Check({ of, timeZone }: { of: Explanation; timeZone: string }) {
  const { intervals, sums, settledAt, revision } = of
  const computed = intervals.reduce(
    (sum, p) => sum + (evaluate(p.revenue.formula, p.revenue.inputs) ?? Number.NaN),
    0,
  )
  const same = computed === sums.revenueNanoUsd
  return (
    <p class={`check ${same && of.agrees ? '' : 'warning'}`}>
      {same
        ? '✓ computed again in this browser: the records add up to the revenue. '
        : '◆ computed again in this browser: the records add up to another revenue. '}
      {of.agrees
        ? '✓ The ledger has the same sums. '
        : '◆ The ledger differs while a late record waits to be settled. '}
      {settledAt !== undefined && `Settled at ${clock(Date.parse(settledAt), timeZone, true)}`}
      {revision > 1 && `, for the ${revision}. time`}
    </p>
  )
}
