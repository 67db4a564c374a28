import { adoptCommand } from '../../../views/adopt-command.ts'
import type { ClaimView } from '../../../views/claims.ts'
import { clock, count, UNKNOWN } from '../parts/format.ts'
import { Copyable } from './parts/copyable.tsx'
import { Section } from './parts/section.tsx'
import { Table } from './parts/table.tsx'
import { useAnswer } from './parts/use-answer.ts'

const EVERY_MS = 30_000
/** Devices that a row names. */
const NAMED = 3
const number = true

/** The devices that one agent reads though they belong to another. */
interface Pair {
  agentId: string
  ownerAgentId: string
  claims: ClaimView[]
}

/** Devices that an agent reads though another has them, or twice: what is recorded of them counts in no sum. */
export function PutAside({ timeZone }: { timeZone: string }) {
  const answer = useAnswer<ClaimView[]>({ path: '/api/v1/devices/claims', everyMs: EVERY_MS })
  return (
    <Section
      id="put-aside"
      title="Devices put aside"
      answer={answer}
      timeZone={timeZone}
      note="another agent has them: they count in no sum until a person decides"
      empty={(claims) => claims.length === 0 && 'Every device belongs to the agent that reads it.'}
    >
      {(claims) => (
        <Table
          label="Devices put aside"
          rows={pairsOf(claims)}
          keyOf={(p) => `${p.agentId} ${p.ownerAgentId}`}
          columns={[
            {
              name: 'Agent that reads them',
              cell: (p) => (
                <>
                  {p.agentId}
                  <small>
                    {p.agentId === p.ownerAgentId ? 'under two names' : `${p.ownerAgentId} has them`}
                  </small>
                </>
              ),
            },
            {
              name: 'Devices',
              cell: (p) => (
                <>
                  {p.claims.slice(0, NAMED).map((c) => (
                    <div key={c.deviceId}>
                      {c.deviceId}
                      {c.deviceId !== c.owner.deviceId && ` (${c.owner.deviceId} there)`}
                      <small> both have {c.because}</small>
                    </div>
                  ))}
                  {p.claims.length > NAMED && <small>and {count(p.claims.length - NAMED)} more</small>}
                </>
              ),
            },
            {
              name: 'Since',
              cell: (p) =>
                at(
                  earliest(p.claims, (c) => c.claimedAt),
                  timeZone,
                ),
            },
            {
              name: 'Records that wait',
              number,
              cell: (p) => count(p.claims.reduce((sum, c) => sum + (c.waiting?.records ?? 0), 0)),
            },
            {
              name: 'What to do',
              cell: (p) =>
                p.agentId === p.ownerAgentId ? (
                  'Remove one of the two names from the agent’s configuration.'
                ) : (
                  <>
                    Remove them from one agent’s configuration or, where {p.agentId} takes over:
                    <Copyable text={adoptCommand(p)} />
                  </>
                ),
            },
          ]}
        />
      )}
    </Section>
  )
}

function pairsOf(claims: readonly ClaimView[]): Pair[] {
  const pairs = new Map<string, Pair>()
  for (const claim of claims) {
    const { agentId, owner } = claim
    const key = JSON.stringify([agentId, owner.agentId])
    const pair = pairs.get(key) ?? { agentId, ownerAgentId: owner.agentId, claims: [] }
    pair.claims.push(claim)
    pairs.set(key, pair)
  }
  return [...pairs.values()]
}

const earliest = (claims: readonly ClaimView[], time: (claim: ClaimView) => string): string | undefined =>
  claims.map(time).sort()[0]

const at = (iso: string | undefined, timeZone: string): string =>
  iso === undefined
    ? UNKNOWN
    : `${new Intl.DateTimeFormat('en-CA', { timeZone }).format(Date.parse(iso))} ${clock(Date.parse(iso), timeZone)}`
