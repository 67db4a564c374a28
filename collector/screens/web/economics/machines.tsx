import type { LoserView, ModelView } from '../../../economics/choices/machines-answer.ts'
import type { SiteView } from '../../../views/site.ts'
import { fixed, many, power, UNKNOWN } from '../parts/format.ts'
import { dated } from '../parts/last-known.tsx'
import { useMoney } from '../parts/money.ts'
import { Section } from './parts/section.tsx'
import { Table } from './parts/table.tsx'
import { useAnswer } from './parts/use-answer.ts'

const EVERY_MS = 15_000
const MOST_LOSERS = 20
const number = true
const watts = (powerW: number | undefined) => {
  const { digits, unit } = power(powerW)
  return `${digits} ${unit}`
}

/** The prices at which each machine model breaks even. */
export function Models({ site }: { site: SiteView }) {
  const money = useMoney()
  const answer = useAnswer<ModelView[]>({ path: '/api/v1/models', everyMs: EVERY_MS })
  const energy = site.prices.find((p) => p.name === 'energyUsdPerKwh')?.value
  return (
    <Section
      id="models"
      title="Machine models"
      answer={answer}
      timeZone={site.timeZone}
      note={
        <>
          energy {money.perMwh(energy)} {money.code}/MWh · hashprice {money.text(site.hashpriceUsdPerPhDay)}
          /PH/day
        </>
      }
      empty={(models) => models.length === 0 && 'No miner or GPU reports.'}
    >
      {(models) => (
        <Table
          label="Machine models and their break-even"
          rows={models}
          keyOf={(m) => `${m.kind} ${m.model}`}
          classOf={(m) => (m.netUsdPerH < 0 ? 'losing' : '')}
          columns={[
            {
              name: 'Model',
              cell: (m) => (
                <>
                  {m.model}
                  <small>
                    {many(m.devices, 'machine')}
                    {m.silent !== undefined &&
                      `, ${m.silent} silent since ${dated(m.heardMs, site.atMs, site.timeZone)}`}
                  </small>
                </>
              ),
            },
            { name: 'Power', number, cell: (m) => watts(m.powerW) },
            {
              name: 'J/TH',
              number,
              cell: (m) => (m.efficiencyJPerTh === undefined ? UNKNOWN : fixed(m.efficiencyJPerTh, 1)),
            },
            {
              name: `Earns ${money.code}/MWh`,
              number,
              cell: (m) =>
                money.perMwh(m.revenueUsdPerMwh === undefined ? undefined : m.revenueUsdPerMwh / 1000),
            },
            {
              name: `Break-even energy, ${money.code}/MWh`,
              number,
              apart: true,
              cell: (m) => money.perMwh(m.breakEvenUsdPerKwh),
            },
            {
              name: 'Break-even hashprice, /PH/day',
              number,
              cell: (m) => money.text(m.breakEvenHashpriceUsdPerPhDay),
            },
            { name: 'Net/h', number, cell: (m) => <Net usd={m.netUsdPerH} /> },
          ]}
        />
      )}
    </Section>
  )
}

/** Machines that cost more than they earn now. */
export function Losers({ timeZone }: { timeZone: string }) {
  const money = useMoney()
  const answer = useAnswer<LoserView[]>({ path: `/api/v1/losers?limit=${MOST_LOSERS}`, everyMs: EVERY_MS })
  return (
    <Section
      id="losers"
      title="Machines that lose money now"
      answer={answer}
      timeZone={timeZone}
      note={`at most ${MOST_LOSERS}, largest loss first`}
      empty={(machines) => machines.length === 0 && 'No machine costs more than it earns.'}
    >
      {(machines) => (
        <Table
          label="Machines that lose money now"
          rows={machines}
          keyOf={(m) => `${m.agentId} ${m.deviceId}`}
          columns={[
            {
              name: 'Machine',
              cell: (m) => (
                <>
                  {m.deviceId}
                  <small>{[m.container, m.rack, m.model].filter(Boolean).join(' · ')}</small>
                </>
              ),
            },
            {
              name: 'State',
              cell: (m) =>
                m.heardMs === undefined ? (
                  m.state
                ) : (
                  <em class="known">◷ {dated(m.heardMs, Date.now(), timeZone)}</em>
                ),
            },
            { name: 'Works for', cell: (m) => m.workloads.join(', ') || UNKNOWN },
            { name: 'Power', number, cell: (m) => watts(m.powerW) },
            { name: 'Earns/h', number, cell: (m) => money.text(m.revenueUsdPerH, 3) },
            { name: 'Costs/h', number, cell: (m) => money.text(m.costUsdPerH, 3) },
            {
              name: `Break-even ${money.code}/MWh`,
              number,
              cell: (m) => money.perMwh(m.breakEvenUsdPerKwh),
            },
            { name: 'Loses/h', number, cell: (m) => <Net usd={-m.lossUsdPerH} decimals={3} /> },
          ]}
        />
      )}
    </Section>
  )
}

function Net({ usd, decimals = 2 }: { usd: number; decimals?: 2 | 3 }) {
  const money = useMoney()
  return (
    <span class={usd < 0 ? 'loss' : ''}>
      {usd < 0 && '▼ '}
      {money.text(usd, decimals)}
    </span>
  )
}
