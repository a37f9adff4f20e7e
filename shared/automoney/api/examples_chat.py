"""One good answer of the chat, and one for which there was no money."""

from typing import Any

CHAT: dict[str, Any] = {
    "answer": "BTC is at 45,000.00 USDT, 2 min old, from binance.",
    "citations": [
        {
            "kind": "price",
            "name": "price",
            "id": None,
            "asset": "BTC",
            "at": "2025-11-05T12:00:00Z",
            "value": "45000",
        },
        {
            "kind": "price",
            "name": "price.age",
            "id": None,
            "asset": "BTC",
            "at": "2025-11-05T12:00:00Z",
            "value": "0.025",
        },
        {
            "kind": "price",
            "name": "price.source",
            "id": None,
            "asset": "BTC",
            "at": "2025-11-05T12:00:00Z",
            "value": "binance",
        },
    ],
    "by": "rules",
    "look": None,
    "notice": None,
    "cost": "0",
}

SPENT: dict[int | str, dict[str, Any]] = {
    429: {
        "description": "The budget for language models is spent; `free` is the rules' answer",
        "content": {
            "application/problem+json": {
                "example": {
                    "type": "urn:automoney:budget-spent",
                    "title": "Too Many Requests",
                    "status": 429,
                    "detail": "the budget of user ada 2025-11-05 is spent: 0.25 of 0.25 dollars;"
                    ' what the rules can answer stays free, with "by": "rules"',
                    "budget": "user ada 2025-11-05",
                    "cap": "0.25",
                    "spent": "0.25",
                    "free": CHAT,
                }
            }
        },
    }
}
