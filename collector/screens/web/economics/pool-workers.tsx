import type { PoolView } from '../../../views/pools.ts'
import { fixed, percent, UNKNOWN } from '../parts/format.ts'
import { useMoney } from '../parts/money.ts'
import { Table } from './parts/table.tsx'

type ByWorker = NonNullable<PoolView['byWorker']>

/** Devices that a row names. */
const NAMED = 3
const number = true
const minute = (iso: string) => iso.slice(0, 16).replace('T', ' ')
const mega = (workDiff1: number) => `${fixed(workDiff1 / 1e6, 2)} M`

/** A word on all of a pool's workers. */
export const shortText = ({ because, compared, shortWorkers }: ByWorker): string =>
  because !== undefined
    ? 'not compared'
    : shortWorkers > 0
      ? `◆ ${shortWorkers} short of ${compared}`
      : `${compared} as counted`

/** The workers that a pool credited less than the ledger counts, worst first. */
export function Workers({ of }: { of: ByWorker | undefined }) {
  const money = useMoney()
  if (!of) return null
  const {
    from,
    to,
    because,
    compared,
    shortWorkers,
    shortWorkDiff1,
    shortUsd,
    otherWorkDiff1,
    others,
    unclear,
    worst,
  } = of
  return (
    <>
      <p>
        {minute(from)} to {minute(to)} UTC:{' '}
        {because ??
          (shortWorkers === 0
            ? `each of ${compared} workers is credited what the ledger counts.`
            : `${shortWorkers} of ${compared} workers are credited ${mega(shortWorkDiff1)} difficulty-1 shares less than the ledger counts, ${money.text(shortUsd)}.`)}
      </p>
      {otherWorkDiff1 > 0 && (
        <p>
          The pool credits {mega(otherWorkDiff1)} difficulty-1 shares under names that no machine here mines
          under: {others.map((other) => `${other.worker} ${mega(other.workDiff1)}`).join(', ')}.
        </p>
      )}
      {unclear.map(({ workers, because }) => (
        <p key={workers[0]}>
          It is unknown what the pool credited {workers.join(' and ')}: {because}.
        </p>
      ))}
      {worst.length > 0 && (
        <Table
          label="Workers that are short"
          rows={worst}
          keyOf={(w) => w.worker}
          columns={[
            {
              name: 'Worker',
              cell: (w) => (
                <>
                  {w.worker}
                  <small>
                    {w.devices.slice(0, NAMED).join(', ')}
                    {w.devices.length > NAMED && ` and ${w.devices.length - NAMED} more`}
                  </small>
                </>
              ),
            },
            { name: 'Counted', number, cell: (w) => mega(w.ledgerWorkDiff1) },
            {
              name: 'Credited',
              number,
              cell: (w) => (
                <>
                  {mega(w.poolWorkDiff1)}
                  <small>{w.poolWorkBasis ? `by ${w.poolWorkBasis}` : 'not in its list'}</small>
                </>
              ),
            },
            {
              name: 'Short',
              number,
              cell: (w) => (
                <>
                  {mega(w.shortWorkDiff1)}
                  <small>
                    {percent(w.ledgerWorkDiff1 > 0 ? w.shortWorkDiff1 / w.ledgerWorkDiff1 : undefined)};{' '}
                    {mega(w.allowedWorkDiff1)} may be chance
                  </small>
                </>
              ),
            },
            {
              name: 'Money',
              number,
              cell: (w) => (w.shortUsd === undefined ? UNKNOWN : money.text(w.shortUsd)),
            },
          ]}
        />
      )}
    </>
  )
}
