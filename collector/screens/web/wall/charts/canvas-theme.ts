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

/** The style sheet's colours and font, for drawing on a canvas. */
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

/** The present theme. It changes with the system's dark or light mode, and for printing. */
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

/** Width of a digit of Liberation Sans, em: the same figure as in base.css. */
const DIGIT_EM = 0.556
const digitEms = new Map<string, number>()

/**
 * A font for a canvas, `sizePx` high. A canvas has no `font-size-adjust`: a wider font, such as DejaVu Sans, is made smaller here,
 * so that a text is as wide as in Liberation Sans.
 */
export function canvasFont(family: string, sizePx: number, weight: 400 | 600 | 700 = 400): string {
  const face = `${weight} 100px ${family}`
  let digitEm = digitEms.get(face)
  if (digitEm === undefined) {
    const g = document.createElement('canvas').getContext('2d')
    if (g) g.font = face
    digitEm = (g?.measureText('0').width ?? 0) / 100
    digitEms.set(face, digitEm)
  }
  return `${weight} ${Math.round(sizePx * Math.min(1, DIGIT_EM / digitEm))}px ${family}`
}
