// What a test may know of the plots, whose canvas nobody can read: read-only looks into the models of Bokeh.
window.spy = (() => {
  const models = () => (window.Bokeh?.documents ?? []).flatMap((d) => [...d._all_models.values()])
  const renderers = () => models().filter((m) => m.type === 'GlyphRenderer')
  const figures = () => models().filter((m) => m.type === 'Figure')
  const isMap = (f) => f.toolbar.tools.some((t) => t.type === 'BoxSelectTool')
  const figure = (name) => figures().find((f) => (name === 'map' ? isMap(f) : f.name === name))
  const image = () => figure('map')?.renderers.find((r) => r.glyph?.type === 'Image')
  const values = (v) => Array.from(v ?? [], Number)
  const up = (e) => e.parentElement ?? e.getRootNode()?.host ?? null
  const above = (e, test) => { for (let n = e; n; n = up(n)) if (test(n)) return true; return false }
  const deep = (root, what, found = []) => {
    for (const e of root.querySelectorAll('*')) {
      if (e.matches(what)) found.push(e)
      if (e.shadowRoot) deep(e.shadowRoot, what, found)
    }
    return found
  }
  // What stands side by side: cards, key numbers, groups of switches, entries, plots.
  const SOLID = '.kpi, .MuiPaper-outlined, .MuiToggleButtonGroup-root, .MuiInputBase-root, .bk-Canvas, .MuiTab-root'
  const boxes = () => {
    const found = deep(document, SOLID).filter((e) => e.checkVisibility({visibilityProperty: true})).map((e) => {
      const {x, y, right, bottom, width, height} = e.getBoundingClientRect()
      const drawer = above(e, (n) => n.matches?.('.MuiDrawer-root'))
      return {e, drawer, x, y, right, bottom, size: width * height, name: `${e.classList[0]} "${e.innerText?.slice(0, 25) ?? ''}"`}
    }).filter((f) => f.size > 4)
    const clashes = []
    found.forEach((a, i) => found.slice(i + 1).forEach((b) => {
      if (a.drawer !== b.drawer || above(a.e, (n) => n === b.e) || above(b.e, (n) => n === a.e)) return
      const w = Math.min(a.right, b.right) - Math.max(a.x, b.x), h = Math.min(a.bottom, b.bottom) - Math.max(a.y, b.y)
      if (w > 1.5 && h > 1.5) clashes.push(`${a.name} and ${b.name} share ${Math.round(w)} x ${Math.round(h)} pixels`)
    }))
    // A strip that scrolls by itself may hold more than is in view.
    const scrolls = (n) => n !== document.scrollingElement && n.scrollWidth > n.clientWidth && getComputedStyle(n).overflowX !== 'visible'
    const outside = found.filter((f) => !f.drawer && !above(f.e, (n) => n.scrollWidth && scrolls(n)) && (f.x < -1 || f.right > innerWidth + 1))
      .map((f) => `${f.name} from ${Math.round(f.x)} to ${Math.round(f.right)} of ${innerWidth} pixels`)
    return {count: found.length, clashes, outside, scroll: document.scrollingElement.scrollWidth - innerWidth}
  }
  const source = (name) => renderers().map((r) => r.data_source).find((s) => name in s.data)
  return {
    idle: () => (window.Bokeh?.documents ?? []).length > 0 && Bokeh.documents.every((d) => d.is_idle),
    source, figure, image, boxes,
    map: () => {
      const r = image()
      const picture = r?.data_source.data.image?.[0]
      if (!picture || !picture.length) return null
      let print = 0, sum = 0, seen = 0
      for (let i = 0; i < picture.length; i++) {
        const v = picture[i]
        print = (print * 31 + v) | 0
        if (v < 255) { sum += v; seen++ }
      }
      const bar = figure('map').below.find((m) => m.type === 'ColorBar')
      return {
        print, sum, seen, size: picture.length, title: figure('map').title.text, bar: bar.title,
        low: bar.color_mapper.low, high: bar.color_mapper.high,
      }
    },
    column: (name) => values(source(name)?.data[name]),
    tower: () => renderers().map((r) => r.data_source.data).find((d) => Object.keys(d).sort().join() === 'a,b,time'),
    counted: (name) => source(name)?.data[name]?.length ?? 0,
    pixel: (name, x, y) => {
      const view = Bokeh.index.find_one(figure(name))
      const place = view.canvas_view.el.getBoundingClientRect()
      return [place.x + view.frame.x_scale.compute(x), place.y + view.frame.y_scale.compute(y)]
    },
  }
})()
