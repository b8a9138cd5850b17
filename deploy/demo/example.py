"""One record made for showing: invented, and in no topic. The only raw text the demo ever prints."""

from __future__ import annotations

from deploy.demo.records import Input
from vault.raw import Media

EXAMPLE = Input(
    "example",
    Media.AVRO,
    {
        "customer": {
            "name": "Marisol Vandermeer",
            "email": "marisol@vandermeer.example",
            "phone": "+44 7700 900142",
            "iban": "GB33 BUKB 2020 1555 5555 55",
            "birth_date": "14/02/1991",
            "address": "3 Almond Lane, Hartsbridge",
            "note": "Hello, Marisol here. The coffee machine arrived broken on 3 March 2026. Please write to me "
            "at marisol@vandermeer.example, or send the money to GB33 BUKB 2020 1555 5555 55.",
        },
        "product": "coffee machine",
    },
)
