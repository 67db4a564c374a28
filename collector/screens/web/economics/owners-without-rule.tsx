import type { UnmatchedOwner } from '../../../views/figures.ts'
import { count, power } from '../parts/format.ts'
import { Copyable } from './parts/copyable.tsx'
import { Section } from './parts/section.tsx'
import { Table } from './parts/table.tsx'
import { useAnswer } from './parts/use-answer.ts'

const EVERY_MS = 30_000

/** Owners that hold machines but match no workload, or whose machines hash something unknown: the site pays for their energy and bills nobody. */
export function OwnersWithoutRule({ timeZone }: { timeZone: string }) {
  const answer = useAnswer<UnmatchedOwner[]>({ path: '/api/v1/unmatched', everyMs: EVERY_MS })
  return (
    <Section
      id="rules"
      title="Owners without a rule"
      answer={answer}
      timeZone={timeZone}
      note="they earn nothing until the match of a workload fits them, or the algorithm of their machines is known"
      empty={(owners) => owners.length === 0 && 'Every owner that holds a machine has a workload.'}
    >
      {(owners) => (
        <Table
          label="Owners without a rule"
          rows={owners}
          keyOf={(o) => JSON.stringify([o.owner, o.configure])}
          columns={[
            {
              name: 'Owner',
              cell: (o) => (
                <>
                  {Object.entries(o.owner).map(([fact, value]) => (
                    <div key={fact}>
                      {fact}: {value}
                    </div>
                  ))}
                </>
              ),
            },
            { name: 'Devices', number: true, cell: (o) => `${count(o.devices)} ${o.kinds.join(', ')}` },
            { name: 'Power', number: true, cell: (o) => `${power(o.powerW).digits} ${power(o.powerW).unit}` },
            {
              name: 'Suggested workload',
              cell: (o) =>
                o.maybe.map((m) => (
                  <div key={`${m.workload} ${m.kind}`}>
                    {m.workload ?? `a new workload of kind ${m.kind}`} <small>{m.because}</small>
                  </div>
                )),
            },
            {
              name: 'Add this to the match of its workload, or do this',
              cell: (o) => (o.configure === undefined ? <Copyable text={yamlOf(o)} /> : o.configure),
            },
          ]}
        />
      )}
    </Section>
  )
}

/** It is written as JSON, which is valid YAML and is safely quoted. */
const yamlOf = ({ rule }: UnmatchedOwner): string => `- ${JSON.stringify(rule)}`
