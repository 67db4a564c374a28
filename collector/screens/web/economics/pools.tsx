import type { PoolView } from '../../../views/pools.ts'
import { clock, fixed, hashrate, percent, UNKNOWN } from '../parts/format.ts'
import { useMoney } from '../parts/money.ts'
import { Section } from './parts/section.tsx'
import { Why } from './parts/side-panel.tsx'
import { Table } from './parts/table.tsx'
import { useAnswer } from './parts/use-answer.ts'
import { shortText, Workers } from './pool-workers.tsx'

const EVERY_MS = 60_000
const number = true
const btc = (amount: number | undefined) => (amount === undefined ? UNKNOWN : `${amount.toFixed(8)} BTC`)
const rate = (hashrateHs: number | undefined) => {
  const { digits, unit } = hashrate(hashrateHs)
  return hashrateHs === undefined ? UNKNOWN : `${digits} ${unit}`
}
const day = (iso: string) => iso.slice(0, 16).replace('T', ' ')

/** What the pools credit and pay, compared with the ledger. */
export function Pools({ timeZone }: { timeZone: string }) {
  const money = useMoney()
  const answer = useAnswer<PoolView[]>({ path: '/api/v1/pools', everyMs: EVERY_MS })
  return (
    <Section
      id="pools"
      title="Pools compared with the ledger"
      answer={answer}
      timeZone={timeZone}
      note="negative: the pool credits less than the ledger counts"
      empty={(pools) =>
        pools.length === 0 && 'No pool is configured. List them under pools in the collector’s configuration.'
      }
    >
      {(pools) => (
        <Table
          label="Pools compared with the ledger"
          rows={pools}
          keyOf={(p) => p.name}
          columns={[
            {
              name: 'Pool',
              cell: (p) => (
                <>
                  {p.name}
                  <small>
                    {p.pool} · {p.workload}
                  </small>
                </>
              ),
            },
            { name: 'State', cell: (p) => <State of={p} timeZone={timeZone} /> },
            { name: 'Hashrate now', number, cell: (p) => rate(p.hashrateHs?.now) },
            { name: '24 h', number, cell: (p) => rate(p.hashrateHs?.day) },
            {
              name: 'Difference, 24 h',
              number,
              apart: true,
              cell: (p) => (
                <Why title={`${p.name} compared with the ledger`} content={() => <Differences of={p} />}>
                  {p.differences[0]?.differenceRatio === undefined
                    ? 'none yet'
                    : percent(p.differences[0].differenceRatio)}
                </Why>
              ),
            },
            {
              name: 'A day',
              number,
              cell: (p) => money.text(p.differences[0]?.differenceUsdPerDay),
            },
            { name: 'Balance', number, apart: true, cell: (p) => btc(p.balanceBtc) },
            {
              name: 'Last payout',
              number,
              cell: ({ payouts: [last] }) =>
                last ? (
                  <>
                    {btc(last.amountBtc)}
                    <small>{day(last.at)} UTC</small>
                  </>
                ) : (
                  UNKNOWN
                ),
            },
            {
              name: 'Workers',
              number,
              cell: (p) => (
                <>
                  {p.workers?.alive === undefined
                    ? UNKNOWN
                    : `${fixed(p.workers.alive, 0)}${p.workers.dead ? `, ${fixed(p.workers.dead, 0)} dead` : ''}`}
                  {p.byWorker && (
                    <small>
                      <Why title={`Workers of ${p.name}`} content={() => <Workers of={p.byWorker} />}>
                        {shortText(p.byWorker)}
                      </Why>
                    </small>
                  )}
                </>
              ),
            },
          ]}
        />
      )}
    </Section>
  )
}

function State({ of: p, timeZone }: { of: PoolView; timeZone: string }) {
  const since = p.answeredAt && `answered ${clock(Date.parse(p.answeredAt), timeZone)}`
  return (
    <>
      <span class={p.state === 'failing' || p.stale ? 'loss' : ''}>
        {p.state === 'failing' ? '◆ failing' : p.stale ? '◆ old' : p.state}
      </span>
      <small>{p.reason ?? since}</small>
      {p.missing?.map(({ figures, reason }) => (
        <small key={figures} class="loss">
          ◆ no {figures}: {reason}
        </small>
      ))}
      {p.notTruedUp && <small>≈ estimated: {p.notTruedUp.join(', ')}</small>}
      {p.notTruedUpWorkers && <small>≈ {p.notTruedUpWorkers.length} workers’ days stay estimated</small>}
    </>
  )
}

function Differences({ of: p }: { of: PoolView }) {
  const money = useMoney()
  return (
    <>
      {p.notTruedUp && (
        <p>
          The work of {p.notTruedUp.join(', ')} stays estimated (≈): this pool tells each worker’s last 24 h
          only, and the collector did not ask it in the half hour after 00:00 UTC.
        </p>
      )}
      {p.notTruedUpWorkers?.map(({ day, worker, because }) => (
        <p key={`${day} ${worker}`}>
          The work of {worker} on {day} stays estimated (≈): {because}.
        </p>
      ))}
      <Table
        label={`${p.name} by day`}
        rows={p.differences}
        keyOf={(d) => d.from}
        columns={[
          {
            name: 'From, UTC',
            cell: (d) => (
              <>
                {day(d.from)}
                <small>to {day(d.to)}</small>
              </>
            ),
          },
          { name: 'Ledger', number, cell: (d) => money.text(d.ledgerRevenueUsd) },
          {
            name: 'Pool',
            number,
            cell: (d) => (
              <>
                {money.text(d.poolRevenueUsd)}
                <small>{btc(d.poolRevenueBtc)}</small>
              </>
            ),
          },
          {
            name: 'Difference',
            number,
            cell: (d) => (
              <>
                {percent(d.differenceRatio)}
                <small>{d.because ?? `by ${d.basis}, ${percent(d.ledgerCoveredRatio)} of the time`}</small>
              </>
            ),
          },
        ]}
      />
    </>
  )
}
