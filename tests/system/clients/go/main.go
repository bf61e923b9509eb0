// Polar's own sample call on the Go SDK 0.12: client TOKEN... with MOCK_SERVER_URL set; client flows: see flows.go.
// POLAR_RETRIES is how many milliseconds the SDK goes on retrying; without it, it does not.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"os"
	"reflect"
	"strconv"
	"time"

	polargo "github.com/polarsource/polar-go"
	"github.com/polarsource/polar-go/models/apierrors"
	"github.com/polarsource/polar-go/models/components"
	"github.com/polarsource/polar-go/models/operations"
	"github.com/polarsource/polar-go/retry"
)

type fields map[string]any

// The sample is of a later SDK, where the session is a pointer; in 0.12 it is a plain string.
// 0.12 has no other field, so a member's token goes where the customer's does.
func security(token string) operations.CustomerPortalCustomersGetSecurity {
	return operations.CustomerPortalCustomersGetSecurity{CustomerSession: token}
}

func utc(moment *time.Time) *string {
	if moment == nil {
		return nil
	}
	return polargo.Pointer(moment.UTC().Format(time.RFC3339Nano))
}

func addressFields(address *components.Address) fields {
	if address == nil {
		return nil
	}
	return fields{
		"line1":       address.Line1,
		"line2":       address.Line2,
		"postal_code": address.PostalCode,
		"city":        address.City,
		"state":       address.State,
		"country":     address.Country,
	}
}

// Each half of a tax id is a union of text and format.
func taxIDHalves(taxID []*components.CustomerPortalCustomerTaxID) []any {
	var halves []any
	for _, half := range taxID {
		if half.TaxIDFormat != nil {
			halves = append(halves, half.TaxIDFormat)
		} else {
			halves = append(halves, half.Str)
		}
	}
	return halves
}

func accountFields(accounts map[string]components.CustomerPortalOAuthAccount) fields {
	all := fields{}
	for key, account := range accounts {
		all[key] = fields{"account_id": account.AccountID, "account_username": account.AccountUsername}
	}
	return all
}

func customerFields(customer *components.CustomerPortalCustomer) fields {
	return fields{
		"created_at":                utc(&customer.CreatedAt),
		"modified_at":               utc(customer.ModifiedAt),
		"id":                        customer.ID,
		"email":                     customer.Email,
		"email_verified":            customer.EmailVerified,
		"name":                      customer.Name,
		"billing_name":              customer.BillingName,
		"billing_address":           addressFields(customer.BillingAddress),
		"tax_id":                    taxIDHalves(customer.TaxID),
		"oauth_accounts":            accountFields(customer.OauthAccounts),
		"default_payment_method_id": customer.DefaultPaymentMethodID,
	}
}

func errorFields(err *apierrors.APIError) fields {
	var retryAfter *string
	if values := err.RawResponse.Header.Values("Retry-After"); len(values) > 0 {
		retryAfter = &values[0]
	}
	return fields{
		"class":       reflect.TypeOf(err).Elem().Name(),
		"status":      err.StatusCode,
		"message":     err.Message,
		"body":        err.Body,
		"retry_after": retryAfter,
	}
}

func call(s *polargo.Polar, token string) fields {
	res, err := s.CustomerPortal.Customers.Get(context.Background(), security(token))
	var refusal *apierrors.APIError
	if errors.As(err, &refusal) {
		return fields{"token": token, "error": errorFields(refusal)}
	}
	if err != nil {
		return fields{"token": token, "error": fields{"class": reflect.TypeOf(err).String(), "status": nil, "message": err.Error()}}
	}
	return fields{"token": token, "customer": customerFields(res.CustomerPortalCustomer)}
}

// Without a retry configuration the SDK does not retry.
func retries() []polargo.SDKOption {
	elapsed, err := strconv.Atoi(os.Getenv("POLAR_RETRIES"))
	if err != nil {
		return nil
	}
	backoff := &retry.BackoffStrategy{InitialInterval: 50, MaxInterval: 1500, Exponent: 1.5, MaxElapsedTime: elapsed}
	return []polargo.SDKOption{
		polargo.WithRetryConfig(retry.Config{Strategy: "backoff", Backoff: backoff, RetryConnectionErrors: true}),
	}
}

func main() {
	serverURL := os.Getenv("MOCK_SERVER_URL")
	if serverURL == "" {
		// The SDK would take an empty base URL for the production server's.
		log.Fatal("MOCK_SERVER_URL is not set")
	}
	if len(os.Args) == 2 && os.Args[1] == "flows" {
		flows()
		return
	}
	s := polargo.New(append(retries(), polargo.WithServerURL(serverURL))...)
	lines := json.NewEncoder(os.Stdout)
	for _, token := range os.Args[1:] {
		if err := lines.Encode(call(s, token)); err != nil {
			log.Fatal(err)
		}
	}
}
