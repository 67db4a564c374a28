import { useRef, useState } from 'preact/hooks'
import type { UnmatchedOwner } from '../../../views/figures.ts'
import { count, power } from '../parts/format.ts'
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
              cell: (o) => (o.configure === undefined ? <Rule of={o} /> : o.configure),
            },
          ]}
        />
      )}
    </Section>
  )
}

/** A line of YAML to copy. It is written as JSON, which is valid YAML and is safely quoted. */
function Rule({ of: { rule } }: { of: UnmatchedOwner }) {
  const ref = useRef<HTMLElement>(null)
  const [copied, setCopied] = useState(false)
  const text = `- ${JSON.stringify(rule)}`
  const copy = async () => {
    setCopied(await copyText(text, ref.current))
  }
  return (
    <span class="rule">
      <code ref={ref}>{text}</code>
      <button type="button" onClick={copy}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </span>
  )
}

/** Browsers have a clipboard API only on https and localhost. Elsewhere this selects the text and tries the old copy command. */
async function copyText(text: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    if (shown) getSelection()?.selectAllChildren(shown)
    return document.execCommand('copy')
  }
}
