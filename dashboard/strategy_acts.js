// What the reader may do with a strategy: the requests, and what has to be read anew after each.

export function strategyActs(api, routes, session, { strategies, pause, account }) {
  const path = (id, rest) => `/api/strategies/${encodeURIComponent(id)}/${rest}`;
  const key = () => (globalThis.crypto?.randomUUID ? crypto.randomUUID() : undefined);
  const paused = async (id, what, scope, reason) => {
    pause(await api.post(path(id, what), { reason, scope }));
    await strategies();
  };
  return {
    isOps: session.isOps,
    has: (route) => routes.has(route),
    pause: (id, scope, reason) => paused(id, "pause", scope, reason),
    resume: (id, scope, reason) => paused(id, "resume", scope, reason),
    run: (id) => api.post(path(id, "run"), undefined, key()),
    whyNot: (id, asset) => api.get(path(id, `why?asset=${encodeURIComponent(asset)}`)),
    async follow(id, wish) {
      await api.post(path(id, "follow"), wish);
      await Promise.all([strategies(), account()]);
    },
    async unfollow(id) {
      await api.post(path(id, "unfollow"));
      await Promise.all([strategies(), account()]);
    },
  };
}
