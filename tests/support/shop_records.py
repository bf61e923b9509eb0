"""A shop whose records have a second key, relations, a place below others and two views: what bad input is tried on."""

from __future__ import annotations

from pathlib import Path

SHOP = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /customers:
    get:
      operationId: listCustomers
      parameters:
        - {name: limit, in: query, schema: {type: integer}}
        - {name: cursor, in: query, schema: {type: string}}
        - {name: email, in: query, schema: {type: string}}
      responses:
        '200':
          description: Customers.
          content:
            application/json:
              schema:
                type: object
                required: [items, next_cursor]
                properties:
                  items: {type: array, items: {$ref: '#/components/schemas/Customer'}}
                  next_cursor: {type: [string, 'null']}
    post:
      operationId: createCustomer
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewCustomer'}}}}
      responses:
        '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}}
        '409': {$ref: '#/components/responses/Refused'}
        '422': {$ref: '#/components/responses/Refused'}
  /customers/{id}:
    parameters: [{$ref: '#/components/parameters/id'}]
    get:
      operationId: getCustomer
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}}
        '404': {$ref: '#/components/responses/Refused'}
    patch:
      operationId: updateCustomer
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: '#/components/schemas/CustomerUpdate'}}}
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Customer'}}}}
        '404': {$ref: '#/components/responses/Refused'}
        '409': {$ref: '#/components/responses/Refused'}
        '422': {$ref: '#/components/responses/Refused'}
    delete:
      operationId: deleteCustomer
      responses:
        '204': {description: Gone.}
        '404': {$ref: '#/components/responses/Refused'}
  /customers/external/{external_id}:
    get:
      operationId: getExternalCustomer
      parameters: [{name: external_id, in: path, required: true, schema: {type: string}}]
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/CustomerPublic'}}}}
        '404': {$ref: '#/components/responses/Refused'}
  /customers/{id}/balance:
    parameters: [{$ref: '#/components/parameters/id'}]
    get:
      operationId: getCustomerBalance
      responses:
        '200':
          description: It.
          content:
            application/json: {schema: {type: object, required: [total], properties: {total: {type: integer}}}}
        '404': {$ref: '#/components/responses/Refused'}
  /customers/{id}/notes:
    parameters: [{$ref: '#/components/parameters/id'}]
    get:
      operationId: listCustomerNotes
      responses:
        '200':
          description: Notes.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Note'}}}}
        '404': {$ref: '#/components/responses/Refused'}
    post:
      operationId: createCustomerNote
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewNote'}}}}
      responses:
        '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
        '404': {$ref: '#/components/responses/Refused'}
        '422': {$ref: '#/components/responses/Refused'}
  /customers/{id}/notes/{note_id}:
    parameters:
      - {$ref: '#/components/parameters/id'}
      - {name: note_id, in: path, required: true, schema: {type: string}}
    get:
      operationId: getCustomerNote
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Note'}}}}
        '404': {$ref: '#/components/responses/Refused'}
  /orders:
    get:
      operationId: listOrders
      responses:
        '200':
          description: Orders.
          content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Order'}}}}
    post:
      operationId: createOrder
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/NewOrder'}}}}
      responses:
        '201': {description: Made., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        '422': {$ref: '#/components/responses/Refused'}
  /orders/{id}:
    parameters: [{$ref: '#/components/parameters/id'}]
    get:
      operationId: getOrder
      responses:
        '200': {description: It., content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
        '404': {$ref: '#/components/responses/Refused'}
components:
  parameters:
    id: {name: id, in: path, required: true, schema: {type: string, format: uuid}}
  responses:
    Refused:
      description: Refused.
      content:
        application/json:
          schema: {type: object, required: [error, detail], properties: {error: {type: string}, detail: {type: string}}}
  schemas:
    Customer:
      type: object
      required: [id, external_id, email, name]
      properties:
        id: {type: string, format: uuid}
        external_id: {type: [string, 'null']}
        email: {type: string, format: email}
        name: {type: string}
    CustomerPublic:
      type: object
      required: [id, external_id, name]
      properties:
        id: {type: string, format: uuid}
        external_id: {type: [string, 'null']}
        name: {type: string, maxLength: 12}
    NewCustomer:
      type: object
      additionalProperties: false
      required: [email]
      properties:
        external_id: {type: [string, 'null']}
        email: {type: string, format: email}
        name: {type: string}
    CustomerUpdate:
      type: object
      additionalProperties: false
      properties:
        external_id: {type: [string, 'null']}
        email: {type: string, format: email}
        name: {type: string}
    Note:
      type: object
      required: [id, text]
      properties: {id: {type: string, format: uuid}, text: {type: string}}
    NewNote:
      type: object
      required: [text]
      properties: {text: {type: string}}
    Order:
      type: object
      required: [id, customer_id, amount]
      properties:
        id: {type: string, format: uuid}
        customer_id: {type: string, format: uuid}
        customer: {$ref: '#/components/schemas/Customer'}
        amount: {type: integer}
    NewOrder:
      type: object
      required: [customer_id, amount]
      properties: {customer_id: {type: string, format: uuid}, amount: {type: integer}}
"""


def shop_contract(directory: Path) -> Path:
    """The contract as a file in a directory."""
    file = directory / "shop.yaml"
    file.write_text(SHOP, encoding="utf-8")
    return file
