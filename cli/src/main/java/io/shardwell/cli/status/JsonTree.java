package io.shardwell.cli.status;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A JSON object read into memory, asked field by field. A field that is missing or of another type
 * is an {@link IOException}: the node speaks another version than this command line.
 */
final class JsonTree {

  private static final JsonFactory FACTORY = new JsonFactory();

  private final Map<String, Object> fields;

  private JsonTree(Map<String, Object> fields) {
    this.fields = fields;
  }

  /** Reads one object. */
  static JsonTree parse(byte[] json) throws IOException {
    try (JsonParser parser = FACTORY.createParser(json)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("the node's status is not a JSON object");
      }
      return new JsonTree(object(parser));
    }
  }

  String text(String name) throws IOException {
    return field(name, String.class);
  }

  long number(String name) throws IOException {
    return field(name, Long.class);
  }

  int integer(String name) throws IOException {
    long number = number(name);
    if (number != (int) number) {
      throw unfit(name);
    }
    return (int) number;
  }

  boolean yes(String name) throws IOException {
    return field(name, Boolean.class);
  }

  List<JsonTree> objects(String name) throws IOException {
    List<JsonTree> objects = new ArrayList<>();
    for (Object item : field(name, List.class)) {
      if (!(item instanceof JsonTree object)) {
        throw unfit(name);
      }
      objects.add(object);
    }
    return objects;
  }

  private <T> T field(String name, Class<T> type) throws IOException {
    Object value = fields.get(name);
    if (!type.isInstance(value)) {
      throw unfit(name);
    }
    return type.cast(value);
  }

  private static IOException unfit(String name) {
    return new IOException("the node's status has no fit field \"" + name + "\"");
  }

  private static Map<String, Object> object(JsonParser parser) throws IOException {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      parser.nextToken();
      fields.put(name, value(parser));
    }
    return fields;
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> new JsonTree(object(parser));
      case START_ARRAY -> {
        List<Object> items = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          items.add(value(parser));
        }
        yield items;
      }
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_STRING -> parser.getText();
      // Nothing in a status is null; as a type of its own it fits no field that is asked for.
      default -> Void.TYPE;
    };
  }
}
