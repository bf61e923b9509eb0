// What net/http makes of an answer: faults URL prints the error, or nothing.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

func ask(url string) error {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer polar_cst_individual")
	client := http.Client{Timeout: time.Second}
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return err
	}
	var value any
	return json.Unmarshal(body, &value)
}

func main() {
	if err := ask(os.Args[1]); err != nil {
		fmt.Println(err)
	}
}
