import { useState } from 'preact/hooks'
import type { FigureGroup, Periods } from '../../../../views/figures.ts'
import type { Frame } from '../../../../views/frame.ts'
import type { WorkloadKind } from '../../../../views/workload.ts'
import { monthOf, UNKNOWN } from '../../parts/format.ts'
import { useKnownAt } from '../../parts/last-known.tsx'
import { useMoney } from '../../parts/money.ts'
import { KIND_NAMES } from '../../parts/workload-kinds.ts'
import { Choice } from '../parts/choice.tsx'
import { Section } from '../parts/section.tsx'
import { Why } from '../parts/side-panel.tsx'
import { type Column, Table } from '../parts/table.tsx'
import { useAnswer } from '../parts/use-answer.ts'
import { figureColumns, TIME_NAMES, TIMES, type Time } from './figure-columns.tsx'
import { estimatedMark, FigureExplained, LiveExplained } from './figure-explained.tsx'
import { liveGroups } from './live-groups.ts'
import { MinuteExplained } from './minute-explained.tsx'

/** A new minute is settled every minute. */
const EVERY_MS = 30_000
const GROUPS = ['workload', 'kind', 'customer', 'container'] as const satisfies readonly FigureGroup[]

/** What each part of the site earns per MWh, now and over several periods. Pressing a figure explains it. */
export function Earnings({ frame }: { frame: Frame }) {
  const money = useMoney()
  const knownAt = useKnownAt()
  const [groupBy, setGroupBy] = useState<(typeof GROUPS)[number]>('workload')
  const [time, setTime] = useState<Time>('day')
  const answer = useAnswer<Periods[]>({ path: `/api/v1/periods?groupBy=${groupBy}`, everyMs: EVERY_MS })
  const { timeZone } = frame.site
  const kinds = new Map(frame.workloads.map((w) => [w.workload, w.kind]))
  // live figures carry no customer and no container
  const live = groupBy === 'workload' || groupBy === 'kind' ? liveGroups(frame.workloads, groupBy) : undefined
  const minuteOf = (group: string) =>
    answer.data?.find((p) => p.group === group)?.minute?.start ??
    answer.data?.find((p) => p.minute)?.minute?.start
  const explained = (group: string) => {
    const minute = minuteOf(group)
    return groupBy === 'workload' && minute ? (
      <MinuteExplained workload={group} minute={minute} timeZone={timeZone} />
    ) : null
  }
  const columns: Column<Periods>[] = [
    {
      name: groupBy,
      cell: (row) => <Name row={row} by={groupBy} kind={kinds.get(row.group)} timeZone={timeZone} />,
    },
    ...(live
      ? [
          {
            name: `Live ${money.code}/MWh`,
            number: true,
            cell: ({ group }: Periods) => {
              const now = live.get(group)
              if (!now || !(now.powerW > 0)) return UNKNOWN
              const known = knownAt(now.stale)
              const content = () => [<LiveExplained key="live" of={now} />, explained(group)]
              return (
                <Why title={`${group} now`} content={content}>
                  {known && <em class="known">{known}</em>}
                  {money.perMwh(now.revenueUsdPerH / (now.powerW / 1000))}
                </Why>
              )
            },
          },
        ]
      : []),
    ...TIME_NAMES.map((name) => ({
      name: TIMES[name],
      number: true,
      cell: (row: Periods) => {
        const figure = row[name]
        if (figure?.revenueUsdPerKwh === undefined) return UNKNOWN
        const content = () => [<FigureExplained key="figure" figure={figure} />, explained(row.group)]
        return (
          <Why title={`${row.group}, ${TIMES[name].toLowerCase()}`} content={content}>
            {estimatedMark(figure)}
            {money.perMwh(figure.revenueUsdPerKwh)}
          </Why>
        )
      },
    })),
    ...figureColumns(money).map((c) => ({ ...c, cell: (row: Periods) => c.cell(row[time]) })),
  ]
  const worth = ({ monthToDate, minute }: Periods) => (minute ?? monthToDate)?.revenueUsdPerKwh ?? 0
  return (
    <Section
      id="earnings"
      title={`What a MWh earns, ${money.code}`}
      answer={answer}
      timeZone={timeZone}
      note="settled minutes; press a figure to see how it is computed"
      empty={(data) =>
        data.length === 0 && 'No settled minute yet. A minute is settled a short while after it ends.'
      }
    >
      {(data) => (
        <>
          <p class="choices">
            <Choice label="Group by" names={GROUPS} value={groupBy} onChoose={setGroupBy} />
            <Choice
              label="Sums of"
              names={TIME_NAMES}
              value={time}
              onChoose={setTime}
              textOf={(t) => TIMES[t]}
            />
          </p>
          <Table
            label={`Earnings by ${groupBy}`}
            columns={columns}
            rows={data.toSorted((a, b) => worth(b) - worth(a))}
            keyOf={(row) => row.group}
          />
        </>
      )}
    </Section>
  )
}

/** A group’s name, with its workload's kind or a link to its customer's statement. */
function Name(props: { row: Periods; by: FigureGroup; kind: WorkloadKind | undefined; timeZone: string }) {
  const { row, by, kind, timeZone } = props
  const { group, monthToDate } = row
  const query = new URLSearchParams({
    month: monthToDate ? monthOf(Date.parse(monthToDate.start), timeZone) : '',
    customer: group,
  })
  return (
    <>
      {group || 'none'}
      <small>
        {by === 'workload' && kind && KIND_NAMES[kind]}
        {by === 'customer' && group && monthToDate && <a href={`/statement?${query}`}>statement</a>}
      </small>
    </>
  )
}
