"""What Prometheus may ask. Counters are this process's; depths and states are read from the database when asked."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from adapters.store import Store, breakers, deliveries, holds, runs

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """One registry per app, so that two apps in one process never share a number."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "pullwright_webhook_answers_total", "Answers to POST /webhooks/github", ["status"], registry=self.registry
        )
        self._stored = Counter(
            "pullwright_deliveries_stored_total", "Deliveries that were not known before", registry=self.registry
        )
        self._repeated = Counter(
            "pullwright_deliveries_repeated_total", "Deliveries that were stored already", registry=self.registry
        )
        self._group = Histogram(
            "pullwright_commit_group_deliveries",
            "Deliveries that shared a transaction",
            buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
            registry=self.registry,
        )
        self._latency = Histogram(
            "pullwright_webhook_seconds", "From the headers of a delivery to its answer", registry=self.registry
        )
        self._deliveries = Gauge("pullwright_deliveries", "Deliveries in the inbox", ["state"], registry=self.registry)
        self._runs = Gauge("pullwright_runs", "Runs", ["state"], registry=self.registry)
        self._holds = Gauge("pullwright_holds", "Holds that keep work from being done", registry=self.registry)
        self._away = Gauge(
            "pullwright_dependencies_away",
            "1 for each dependency that failed again and again and is left alone",
            ["dependency"],
            registry=self.registry,
        )
        self._up = Gauge("pullwright_database_up", "1 where the database answers", registry=self.registry)
        self._children = {status: self._answers.labels(str(status)) for status in (202, 400, 401, 408, 413, 503)}

    def answered(self, status: int, seconds: float) -> None:
        self._children[status].inc()
        self._latency.observe(seconds)

    def committed(self, sent: int, new: int) -> None:
        self._group.observe(sent)
        self._stored.inc(new)
        self._repeated.inc(sent - new)

    async def look(self, store: Store) -> None:
        """Read the gauges. Raises StoreUnavailable."""
        async with store.read() as db:
            inbox, states = await deliveries.counts(db), await runs.counts(db)
            held, away = await holds.all_(db), await breakers.away(db)
        for delivery_state, number in inbox.items():
            self._deliveries.labels(delivery_state.value).set(number)
        for run_state, number in states.items():
            self._runs.labels(run_state.value).set(number)
        self._holds.set(len(held))
        self._away.clear()
        for breaker in away:
            self._away.labels(breaker.dependency).set(1)

    def database_answers(self, answers: bool) -> None:
        self._up.set(answers)

    def text(self) -> bytes:
        return generate_latest(self.registry)
