import type { SiteView } from '../../../views/site.ts'
import type { DataAge } from './data-age.ts'
import { clock, count, many, power, stopwatch } from './format.ts'
import { dated } from './last-known.tsx'
import { useMoney } from './money.ts'
import { overdue, priceName, priceText } from './price-text.ts'
import { StandingStrip } from './standing-strip.tsx'

/** Warnings above the figures: connection lost, figures stale, agents silent, records lost or held back, prices out of date or not known, machines simulated. */
export function Banners(props: {
  lost: boolean
  /** absent before the first frame */
  site?: SiteView
  silent?: DataAge['silent']
  /** age of the figures, s, if they are stale */
  staleS?: number
}) {
  const { lost, site, silent = [], staleS } = props
  const { ledgerLosses: losses = [], timeZone = 'UTC' } = site ?? {}
  return (
    <div class="banners">
      {site && <StandingStrip site={site} />}
      {lost && (
        <p class="banner lost" role="status">
          <b>No connection to the collector</b> · reconnecting
        </p>
      )}
      {staleS !== undefined && (
        <p class="banner stale">
          <b>
            STALE <span class="digits">{stopwatch(staleS)}</span>
          </b>{' '}
          · these are the last known figures
        </p>
      )}
      {silent.length > 0 && (
        <p class="banner silent">
          {silent.slice(0, 4).map((a) => (
            <span key={a.agentId}>
              <b>
                ◆ {a.agentId} {a.state}
              </b>{' '}
              <span class="digits">{a.silentS === undefined ? 'never connected' : stopwatch(a.silentS)}</span>
            </span>
          ))}
          {silent.length > 4 && <span>and {count(silent.length - 4)} more agents</span>}
        </p>
      )}
      {site?.stale && !site.stale.whole && <Silent site={site} />}
      {losses.length > 0 && (
        <p class="banner silent">
          {losses.slice(0, 3).map((l) => (
            <span key={`${l.agentId} ${l.atMs}`}>
              <b>◆ {l.agentId}</b> lost {count(l.records)} {l.records === 1 ? 'record' : 'records'}
              {l.fromMs !== undefined && l.toMs !== undefined && (
                <span class="digits">
                  {' '}
                  of {clock(l.fromMs, timeZone)} to {clock(l.toMs, timeZone)}
                </span>
              )}
            </span>
          ))}
          {losses.length > 3 && <span>and {count(losses.length - 3)} more losses</span>}
        </p>
      )}
      {site && <HeldBack site={site} />}
      {site?.putAside && <PutAside of={site.putAside} />}
      {site && <OldPrices site={site} />}
      {site?.ledgerUnpriced && <Unpriced of={site.ledgerUnpriced} />}
      {site?.simulated && (
        <p class="banner simulated">
          <strong>SIMULATED</strong> <span>these figures include emulated machines</span>
        </p>
      )}
    </div>
  )
}

/** Machines that are not heard while others are: the sums are those of the others. */
function Silent({ site: { stale, atMs, timeZone } }: { site: SiteView }) {
  if (!stale) return null
  const { digits, unit } = power(stale.powerW)
  return (
    <p class="banner silent">
      <span>
        <b>◆ {many(stale.devices, 'machine')} not heard</b>{' '}
        {stale.heardMs !== undefined && (
          <>
            since <span class="digits">{dated(stale.heardMs, atMs, timeZone)}</span>
          </>
        )}
        : the sums are without them
        {stale.powerW !== undefined && (
          <>
            {' '}
            (they drew{' '}
            <span class="digits">
              {digits} {unit}
            </span>
            )
          </>
        )}
      </span>
    </p>
  )
}

/** The prices that settled minutes lack. Nothing is lost: they are priced when a price of their time comes. */
function Unpriced({ of }: { of: NonNullable<SiteView['ledgerUnpriced']> }) {
  return (
    <p class="banner silent">
      {of.map(({ name, minutes }) => (
        <span key={name}>
          <b>◆ {priceName(name)}</b> not known for <span class="digits">{count(minutes)}</span> min: unpriced
        </span>
      ))}
    </p>
  )
}

/** Records that count for nothing until a person decides. */
function HeldBack({ site: { ledgerHeld } }: { site: SiteView }) {
  const money = useMoney()
  if (!ledgerHeld) return null
  const { records, devices, revenueUsd } = ledgerHeld
  return (
    <p class="banner silent">
      <span>
        <b>
          ◆ {count(records)} {records === 1 ? 'record' : 'records'} held back
        </b>{' '}
        of {count(devices)} {devices === 1 ? 'device' : 'devices'}, worth{' '}
        <span class="digits">{money.text(revenueUsd)}</span> · decide with perwatt-collector doubts
      </span>
    </p>
  )
}

/** Devices that count in no total, because another agent has them; the economics page lists them. */
function PutAside({ of }: { of: NonNullable<SiteView['putAside']> }) {
  return (
    <p class="banner silent">
      {of.slice(0, 2).map(({ agentId, ownerAgentId, devices }) => (
        <span key={`${agentId} ${ownerAgentId}`}>
          <b>
            ◆ {count(devices)} {devices === 1 ? 'device' : 'devices'} of {agentId} put aside
          </b>
          {ownerAgentId === agentId ? ' · read twice' : ` · ${ownerAgentId} has them`}
        </span>
      ))}
      {of.length > 2 && <span>and {count(of.length - 2)} more agents</span>}
      <a href="/economics#put-aside">list and command</a>
    </p>
  )
}

/** The prices that are out of date, since when, and their source. */
function OldPrices({ site }: { site: SiteView }) {
  const money = useMoney()
  const old = site.prices.filter((p) => p.stale)
  if (old.length === 0) return null
  return (
    <p class="banner silent">
      {old.slice(0, 3).map((p) => (
        <span key={p.name}>
          <b>◆ {priceName(p.name)}</b> <span class="digits">{priceText(p, money)}</span>{' '}
          {overdue(p, site.atMs)} · {p.source}
        </span>
      ))}
      {old.length > 3 && <span>and {count(old.length - 3)} more old prices</span>}
    </p>
  )
}
