package dev.sluice.intake;

/** What the API description shows for each body. */
final class SubmissionExamples {

  static final String BATCH =
      """
      {"name":"price update","options":{"concurrency":50,"rate":{"permits":300}},
       "template":{"method":"PUT","headers":{"Prefer":"return=minimal"}},
       "items":[{"id":"sku-1","url":"https://shop.example/prices/1","body":{"cents":1999}}]}
      """;

  static final String LINES =
      """
      {"id":"order-1","url":"https://shop.example/orders/1","body":{"state":"sent"}}
      {"id":"order-2","url":"https://shop.example/orders/2","form":{"state":"sent"}}
      """;

  static final String CHUNK =
      """
      {"items":[{"id":"sku-1","url":"https://shop.example/prices/1","body":{"cents":1999}}]}
      """;

  static final String SEAL = "{\"expectedItems\":2}";

  private SubmissionExamples() {}
}
