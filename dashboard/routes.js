// Which routes this API has, asked for once: what it does not have the page leaves out.

export class Routes {
  constructor() {
    this.paths = new Set();
  }

  async load(api) {
    this.paths = new Set(Object.keys((await api.get("/api/openapi.json")).paths));
  }

  has(path) {
    return this.paths.has(path);
  }
}

// A page of rows and how to ask for the next one: a query, or null at the end.
export function paged(answer, name) {
  const { nextCursor, next } = answer;
  const query = nextCursor ? `cursor=${encodeURIComponent(nextCursor)}` : next ? `before=${encodeURIComponent(next)}` : null;
  return { rows: answer[name], next: query };
}
