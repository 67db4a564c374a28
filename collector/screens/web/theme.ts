import { useEffect, useState } from 'preact/hooks'

const NAMES = {
  text: '--text',
  muted: '--muted',
  line: '--line',
  rack: '--rack',
  rackName: '--rack-name',
  critical: '--critical',
  onCritical: '--on-critical',
  warning: '--warning',
  onWarning: '--on-warning',
  price: '--price',
  font: '--font',
} as const

/** The style sheet's colours, for what is drawn on a canvas. */
export type Theme = Record<keyof typeof NAMES, string> & { series: string[] }

function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement)
  const value = (name: string) => style.getPropertyValue(name).trim()
  const entries = Object.entries(NAMES).map(([key, name]) => [key, value(name)])
  return {
    ...(Object.fromEntries(entries) as Record<keyof typeof NAMES, string>),
    series: [1, 2, 3, 4, 5, 6].map((n) => value(`--series-${n}`)),
  }
}

/** The theme of now; changes with the system's dark and light, and for the printer. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(readTheme)
  useEffect(() => {
    const queries = ['(prefers-color-scheme: dark)', 'print'].map((q) => matchMedia(q))
    const update = () => setTheme(readTheme())
    for (const query of queries) query.addEventListener('change', update)
    return () => {
      for (const query of queries) query.removeEventListener('change', update)
    }
  }, [])
  return theme
}
