import type { AdviceMessage, Use } from '../../../../protocol/advice.ts'
import { many, power, UNKNOWN } from '../format.ts'
import { type Money, useMoney } from '../money.ts'
import { Arithmetic } from './arithmetic.tsx'
import { Why } from './panel.tsx'
import { Section } from './section.tsx'
import { type Column, Table } from './table.tsx'
import { useAnswer } from './use-answer.ts'

type Advice = AdviceMessage & { blocks: (AdviceMessage['blocks'][number] & { uses: Use[] })[] }
type Block = Advice['blocks'][number]

const EVERY_MS = 10_000

/** The merit order: which machines should pause first as energy gets dearer, and which would earn more elsewhere. */
export function BetterUse({ timeZone }: { timeZone: string }) {
  const money = useMoney()
  const answer = useAnswer<Advice>({ path: '/api/v1/better-use', everyMs: EVERY_MS })
  return (
    <Section
      id="better-use"
      title="Better use"
      answer={answer}
      timeZone={timeZone}
      note="first to pause first; advice, nothing is switched"
      empty={(data) => data.blocks.length === 0 && 'No machine is heard that could be used in another way.'}
    >
      {(data) => (
        <>
          <Idle of={data} />
          <Table
            label="Blocks of machines in merit order"
            columns={columns(data, money)}
            rows={data.blocks}
            keyOf={(b) => b.block}
            classOf={(b) => (b.pause.now ? 'losing' : '')}
          />
        </>
      )}
    </Section>
  )
}

function Idle({ of: { idleGpus, energyUsdPerKwh } }: { of: Advice }) {
  const money = useMoney()
  const { gpus, opportunityCostUsdPerH, expectedUsdPerH } = idleGpus
  return (
    <p class="lead">
      Energy costs{' '}
      <b>
        {money.perMwh(energyUsdPerKwh)} {money.code}/MWh
      </b>
      {energyUsdPerKwh === undefined && ': nobody knows its price, so it counts as free'}.{' '}
      {gpus > 0 ? (
        <>
          <b>{many(gpus, 'idle GPU')}</b> could earn <b>{money.text(opportunityCostUsdPerH)}/h</b> if all of
          them were held, <b>{money.text(expectedUsdPerH)}/h</b> at the occupancy of now.
        </>
      ) : (
        'No GPU is idle.'
      )}
    </p>
  )
}

function columns(data: Advice, money: Money): Column<Block>[] {
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
      name: 'Room to it',
      number,
      cell: ({ pause: { aboveUsdPerKwh } }) =>
        aboveUsdPerKwh === undefined || data.energyUsdPerKwh === undefined
          ? UNKNOWN
          : money.perMwh(aboveUsdPerKwh - data.energyUsdPerKwh),
    },
    { name: 'Best use as it is', apart: true, cell: (b) => b.best?.workload ?? 'this one' },
    { name: 'More/h', number, cell: (b) => <More use={b.best} block={b} /> },
    { name: 'After a build', cell: (b) => b.bestAfterBuild?.workload ?? UNKNOWN },
    { name: 'Then more/h', number, cell: (b) => <More use={b.bestAfterBuild} block={b} /> },
    {
      name: 'Idle costs/h',
      number,
      cell: ({ idle, block }) =>
        idle ? (
          <Why
            title={`${block}: what idle GPUs cost`}
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
      {others.length > 0 && <h3>Its other uses</h3>}
      {others.map((u) => (
        <Arithmetic
          key={u.workload}
          name={`more as ${u.workload}${u.afterBuild ? ', after a build' : ''}`}
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
