package io.shardwell.jepsen.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Each node in a network namespace of its own, all on one bridge in another, and this process with
 * one leg on it. Wires are cut by iptables where packets arrive, so one direction at a time.
 *
 * <p>Linux, iproute2, iptables and the right to make namespaces (usually root). Addresses are of
 * 198.18.0.0/15, which is kept for measurements and routed nowhere (RFC 2544).
 */
public final class NamespaceNetwork implements Network {
  private static final String BRIDGE = "bridge";

  /** The last number of this process's address. */
  private static final int OUTSIDE = 254;

  private final String prefix;
  private final String subnet;
  private final int nodes;
  private boolean detoured;

  private NamespaceNetwork(int nodes) {
    long pid = ProcessHandle.current().pid();
    // An interface's name has at most 15 characters.
    this.prefix = "swj" + pid % 1_000_000;
    this.subnet = "198.18." + pid % 250 + ".";
    this.nodes = nodes;
  }

  /** Null, and a line that says why, where namespaces cannot be made. */
  public static @Nullable NamespaceNetwork createIfAllowed(int nodes) {
    NamespaceNetwork network = new NamespaceNetwork(nodes);
    try {
      network.create();
      return network;
    } catch (IOException notAllowed) {
      network.close();
      System.out.println(
          "no network namespaces here, so no partitions of processes: " + notAllowed.getMessage());
      return null;
    }
  }

  private void create() throws IOException {
    String hub = hub();
    run("ip", "netns", "add", hub);
    run("ip", "-n", hub, "link", "add", BRIDGE, "type", "bridge");
    run("ip", "-n", hub, "link", "set", BRIDGE, "up");
    for (int node = 0; node < nodes; node++) {
      String name = name(node);
      run("ip", "netns", "add", name);
      plug("eth0", name, "v" + node);
      run("ip", "-n", name, "addr", "add", host(node) + "/24", "dev", "eth0");
      run("ip", "-n", name, "link", "set", "eth0", "up");
      run("ip", "-n", name, "link", "set", "lo", "up");
      run("ip", "netns", "exec", name, "iptables", "-w", "-S", "INPUT");
    }
    run("ip", "link", "add", prefix, "type", "veth", "peer", "name", "vc", "netns", hub);
    run("ip", "-n", hub, "link", "set", "vc", "master", BRIDGE, "up");
    run("ip", "addr", "add", outside() + "/24", "dev", prefix);
    run("ip", "link", "set", prefix, "up");
  }

  private void plug(String device, String namespace, String socket) throws IOException {
    run(
        "ip", "link", "add", device, "netns", namespace, "type", "veth", "peer", "name", socket,
        "netns", hub());
    run("ip", "-n", hub(), "link", "set", socket, "master", BRIDGE, "up");
  }

  private String hub() {
    return prefix + "-hub";
  }

  private String name(int node) {
    return prefix + "-n" + (node + 1);
  }

  @Override
  public String host(int node) {
    return subnet + (node + 1);
  }

  @Override
  public int port(int node, Listener listener) {
    return switch (listener) {
      case CLIENTS -> 6379;
      case PEERS -> 16379;
      case HTTP -> 8379;
    };
  }

  @Override
  public List<String> on(int node, List<String> command) {
    // It becomes the command itself: the process has the command's pid.
    List<String> there = new ArrayList<>(List.of("ip", "netns", "exec", name(node)));
    there.addAll(command);
    return there;
  }

  @Override
  public boolean canBreak() {
    return true;
  }

  @Override
  public void cut(int from, int to) throws IOException {
    drop(to, "-s", host(from));
  }

  @Override
  public void lose(int node, double part) throws IOException {
    drop(
        node,
        "-m",
        "statistic",
        "--mode",
        "random",
        "--probability",
        String.format(Locale.ROOT, "%.3f", part));
  }

  /** This process's address there. */
  public String outside() {
    return subnet + OUTSIDE;
  }

  /** Drops what this process sends to the node, from one port or (0) from all, until healed. */
  public void cutClients(int node, int port) throws IOException {
    if (port == 0) {
      drop(node, "-s", outside());
    } else {
      drop(node, "-s", outside(), "-p", "tcp", "--sport", Integer.toString(port));
    }
  }

  /** New links of {@code from} to {@code to} lead to that port of this process, until healed. */
  public void detour(int from, int to, int port) throws IOException {
    detoured = true;
    inside(
        from,
        "iptables",
        "-w",
        "-t",
        "nat",
        "-A",
        "OUTPUT",
        "-p",
        "tcp",
        "-d",
        host(to),
        "--dport",
        Integer.toString(port(to, Listener.PEERS)),
        "-j",
        "DNAT",
        "--to-destination",
        outside() + ":" + port);
  }

  /** Whatever nodes send to each other is answered by a reset, until healed: links break. */
  public void breakLinks() throws IOException {
    for (int node = 0; node < nodes; node++) {
      for (String end : List.of("--dport", "--sport")) {
        inside(
            node,
            "iptables",
            "-w",
            "-A",
            "OUTPUT",
            "-p",
            "tcp",
            end,
            Integer.toString(port(node, Listener.PEERS)),
            "-j",
            "REJECT",
            "--reject-with",
            "tcp-reset");
      }
    }
  }

  /** Links may be made again; what else was done stays. */
  public void mendLinks() throws IOException {
    for (int node = 0; node < nodes; node++) {
      inside(node, "iptables", "-w", "-F", "OUTPUT");
    }
  }

  private void inside(int node, String... command) throws IOException {
    List<String> all = new ArrayList<>(List.of("ip", "netns", "exec", name(node)));
    all.addAll(List.of(command));
    run(all.toArray(String[]::new));
  }

  private void drop(int node, String... what) throws IOException {
    List<String> command = new ArrayList<>(List.of("iptables", "-w", "-A", "INPUT"));
    command.addAll(List.of(what));
    command.addAll(List.of("-j", "DROP"));
    inside(node, command.toArray(String[]::new));
  }

  @Override
  public void heal() throws IOException {
    for (int node = 0; node < nodes; node++) {
      inside(node, "iptables", "-w", "-F", "INPUT");
      inside(node, "iptables", "-w", "-F", "OUTPUT");
      // The table is only there once it was used.
      if (detoured) {
        inside(node, "iptables", "-w", "-t", "nat", "-F", "OUTPUT");
      }
    }
  }

  /** Whatever of it was made goes: a namespace takes its ends of the wires with it. */
  @Override
  public void close() {
    quietly("ip", "link", "del", prefix);
    for (int node = 0; node < nodes; node++) {
      quietly("ip", "netns", "del", name(node));
    }
    quietly("ip", "netns", "del", hub());
  }

  private static void quietly(String... command) {
    try {
      run(command);
    } catch (IOException absent) {
      // It was not made.
    }
  }

  private static void run(String... command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      int code = process.waitFor();
      if (code != 0) {
        throw new IOException(String.join(" ", command) + ": " + output.strip());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UncheckedIOException(new IOException("interrupted", e));
    }
  }
}
