package main

import (
	"context"
	"encoding/json"
	"log"
	"os"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
)

// Ends the program at an error: no step of a flow may fail.
func must[T any](answer T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return answer
}

// What a customer sees and changes of itself with the token of a session. To a merchant 0.12 shows no billing name.
func portal(ctx context.Context, polar *polargo.Polar, token string) fields {
	customers := polar.CustomerPortal.Customers
	before := must(customers.Get(ctx, security(token))).CustomerPortalCustomer
	change := components.CustomerPortalCustomerUpdate{
		BillingName:    polargo.Pointer("Ada Ltd"),
		BillingAddress: &components.AddressInput{City: polargo.Pointer("Lund"), Country: "SE"},
	}
	session := operations.CustomerPortalCustomersUpdateSecurity{CustomerSession: token}
	after := must(customers.Update(ctx, change, session)).CustomerPortalCustomer
	merchant := must(polar.Customers.Get(ctx, before.ID)).Customer
	return fields{"email": before.Email, "billing_name": after.BillingName, "merchant": merchant.BillingAddress.City}
}

// A customer's way into the portal, and what the records say after it. 0.12 cannot read the prices of products of today.
func flows() {
	ctx := context.Background()
	polar := polargo.New(polargo.WithServerURL(os.Getenv("MOCK_SERVER_URL")), polargo.WithSecurity("polar_oat_mock"))
	customer := must(polar.Customers.Create(ctx, components.CustomerCreate{
		Email: "ada@example.com", Name: polargo.Pointer("Ada"),
	})).Customer
	session := must(polar.CustomerSessions.Create(ctx,
		operations.CreateCustomerSessionsCreateCustomerSessionCreateCustomerSessionCustomerIDCreate(
			components.CustomerSessionCustomerIDCreate{CustomerID: customer.ID}))).CustomerSession
	if err := json.NewEncoder(os.Stdout).Encode(fields{"portal": portal(ctx, polar, session.Token)}); err != nil {
		log.Fatal(err)
	}
}
