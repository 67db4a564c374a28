import type { AdviceMessage, Use } from '../../../../protocol/advice.ts'
import type { Quote } from '../../../../protocol/quote.ts'
import { fixed, many, power, UNKNOWN } from '../parts/format.ts'
import { type Money, useMoney } from '../parts/money.ts'
import { Arithmetic } from './parts/arithmetic.tsx'
import { Section } from './parts/section.tsx'
import { Why } from './parts/side-panel.tsx'
import { type Column, Table } from './parts/table.tsx'
import { useAnswer } from './parts/use-answer.ts'
import { hoursAbove, type PriceHours, priceHours } from './price-hours.ts'

type Advice = AdviceMessage & { blocks: (AdviceMessage['blocks'][number] & { uses: Use[] })[] }
type Block = Advice['blocks'][number]

const EVERY_MS = 10_000
/** from a day ago to the last price that is known ahead */
const PRICES_PATH = '/api/v1/quotes/history?name=energyUsdPerKwh'
const PRICES_EVERY_MS = 60_000

/** The merit order: which machines should pause first as energy gets dearer, and which would earn more with another use. */
export function BetterUse({ timeZone }: { timeZone: string }) {
  const money = useMoney()
  const answer = useAnswer<Advice>({ path: '/api/v1/better-use', everyMs: EVERY_MS })
  const ahead = useAnswer<Quote[]>({ path: PRICES_PATH, everyMs: PRICES_EVERY_MS })
  return (
    <Section
      id="better-use"
      title="Better use"
      answer={answer}
      timeZone={timeZone}
      note="lowest pause price first; advice only, nothing is switched"
      empty={(data) => data.blocks.length === 0 && 'No reporting machine has another use.'}
    >
      {(data) => (
        <>
          <Lead of={data} prices={priceHours(ahead.data ?? [], data.atMs)} />
          <Table
            label="Blocks of machines in merit order"
            columns={columns(data, priceHours(ahead.data ?? [], data.atMs), money)}
            rows={data.blocks}
            keyOf={(b) => b.block}
            classOf={(b) => (b.pause.now ? 'losing' : '')}
          />
        </>
      )}
    </Section>
  )
}

/** The energy price now and for the next 24 h, and what idle GPUs could earn. */
function Lead({ of, prices }: { of: Advice; prices: readonly PriceHours[] }) {
  const money = useMoney()
  const { idleGpus, energyUsdPerKwh } = of
  const values = prices.map((p) => p.usdPerKwh)
  const { gpus, opportunityCostUsdPerH, expectedUsdPerH } = idleGpus
  return (
    <p class="lead">
      Energy costs{' '}
      <b>
        {money.perMwh(energyUsdPerKwh)} {money.code}/MWh
      </b>
      {energyUsdPerKwh === undefined && ': its price is unknown, so it counts as free'}
      {values.length > 1 &&
        `, ${money.perMwh(Math.min(...values))} to ${money.perMwh(Math.max(...values))} in the next 24 h`}
      .{' '}
      {gpus > 0 ? (
        <>
          <b>{many(gpus, 'idle GPU')}</b> could earn <b>{money.text(opportunityCostUsdPerH)}/h</b> if all were
          rented, <b>{money.text(expectedUsdPerH)}/h</b> at the present occupancy.
        </>
      ) : (
        'No GPU is idle.'
      )}
    </p>
  )
}

function columns(data: Advice, prices: readonly PriceHours[], money: Money): Column<Block>[] {
  const { code } = money
  const number = true
  return [
    { name: 'Block', cell: (b) => <Name of={b} /> },
    { name: 'Power', number, cell: (b) => <Watts of={b} /> },
    {
      name: `Earns ${code}/MWh`,
      number,
      cell: (b) => money.perMwh(b.revenueUsdPerMwh === undefined ? undefined : b.revenueUsdPerMwh / 1000),
    },
    { name: `Pause above ${code}/MWh`, number, apart: true, cell: (b) => <Pause of={b} /> },
    {
      name: 'Headroom',
      number,
      cell: ({ pause: { aboveUsdPerKwh } }) =>
        aboveUsdPerKwh === undefined || data.energyUsdPerKwh === undefined
          ? UNKNOWN
          : money.perMwh(aboveUsdPerKwh - data.energyUsdPerKwh),
    },
    {
      name: 'Hours above, next 24 h',
      number,
      cell: ({ pause: { aboveUsdPerKwh } }) =>
        aboveUsdPerKwh === undefined || prices.length === 0
          ? UNKNOWN
          : `${fixed(hoursAbove(prices, aboveUsdPerKwh), 1)} h`,
    },
    { name: 'Best use without a rebuild', apart: true, cell: (b) => b.best?.workload ?? 'the present one' },
    { name: 'More/h', number, cell: (b) => <More use={b.best} block={b} /> },
    { name: 'Best use after a rebuild', cell: (b) => b.bestAfterBuild?.workload ?? UNKNOWN },
    { name: 'More/h then', number, cell: (b) => <More use={b.bestAfterBuild} block={b} /> },
    {
      name: 'Idle costs/h',
      number,
      cell: ({ idle, block }) =>
        idle ? (
          <Why
            title={`${block}: what its idle GPUs could earn`}
            content={() => <Arithmetic name="expected" unit="USD/h" of={idle.arithmetic} />}
          >
            {money.text(idle.expectedUsdPerH)}
          </Why>
        ) : (
          UNKNOWN
        ),
    },
  ]
}

const Name = ({ of: b }: { of: Block }) => (
  <>
    {b.workload}
    <small>
      {[b.container, b.model ?? b.hardware, many(b.devices, 'device')].filter(Boolean).join(' · ')}
    </small>
  </>
)

function Watts({ of }: { of: Block }) {
  const { digits, unit } = power(of.powerW)
  return (
    <>
      {digits} {unit}
    </>
  )
}

function Pause({ of: { pause, block } }: { of: Block }) {
  const money = useMoney()
  const { arithmetic, because, aboveUsdPerKwh, now } = pause
  if (!arithmetic) return <small>{because ?? UNKNOWN}</small>
  return (
    <Why
      title={`${block}: when to pause`}
      content={() => <Arithmetic name="pause above" unit="USD/kWh" of={arithmetic} />}
    >
      {now && <span class="mark">▼ pause now </span>}
      {money.perMwh(aboveUsdPerKwh)}
    </Why>
  )
}

function More({ use, block }: { use: Use | undefined; block: Block }) {
  const money = useMoney()
  if (!use) return <>{UNKNOWN}</>
  const others = block.uses.filter((u) => u !== use && u.workload !== use.workload)
  const content = () => (
    <>
      <Arithmetic name={`more as ${use.workload}`} unit="USD/h" of={use.arithmetic} />
      {others.length > 0 && <h3>Other uses</h3>}
      {others.map((u) => (
        <Arithmetic
          key={u.workload}
          name={`more as ${u.workload}${u.afterBuild ? ', after a rebuild' : ''}`}
          unit="USD/h"
          of={u.arithmetic}
        />
      ))}
    </>
  )
  return (
    <Why title={`${block.block} as ${use.workload}`} content={content}>
      {money.text(use.differenceUsdPerH)}
    </Why>
  )
}
