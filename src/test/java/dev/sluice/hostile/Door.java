package dev.sluice.hostile;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;

/** A loopback port and everything that is open behind it. */
final class Door implements AutoCloseable {

  private static final int BACKLOG = 4096;

  /** Linux keeps one connection more than asked for. */
  private static final int MOST_FILLERS = 8;

  private static final Duration HANDSHAKE = Duration.ofMillis(100);

  private final ServerSocket listener;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private final List<SocketChannel> fillers = new ArrayList<>();

  private Door(int port, int backlog) throws IOException {
    listener = new ServerSocket(port, backlog, InetAddress.getLoopbackAddress());
  }

  /** Opens a door where every connection is served by a script. */
  static Door serving(int port, Oracle oracle, Script script) throws IOException {
    Door door = new Door(port, BACKLOG);
    Thread.ofVirtual().start(() -> door.accept(oracle, script));
    return door;
  }

  /** Opens a door that nobody stands behind: the kernel takes connections and bytes, no more. */
  static Door unattended(int port) throws IOException {
    return new Door(port, BACKLOG);
  }

  /** Opens a door before a full room: the kernel drops every further SYN. */
  static Door full(int port) throws IOException {
    Door door = new Door(port, 1);
    for (int i = 0; i < MOST_FILLERS; i++) {
      SocketChannel filler = SocketChannel.open();
      filler.configureBlocking(false);
      boolean connected = filler.connect(door.listener.getLocalSocketAddress());
      door.fillers.add(filler);
      if (!connected) {
        LockSupport.parkNanos(HANDSHAKE.toNanos());
        connected = filler.finishConnect();
      }
      if (!connected) {
        return door;
      }
    }
    door.close();
    throw new IOException("The backlog of port " + door.port() + " cannot be filled");
  }

  /** Gives a door that is shut: its port refuses. */
  static Door shut(int port) throws IOException {
    Door door = new Door(port, 1);
    door.close();
    return door;
  }

  private void accept(Oracle oracle, Script script) {
    while (!listener.isClosed()) {
      try {
        Socket socket = listener.accept();
        open.add(socket);
        if (listener.isClosed()) {
          socket.close();
        }
        Thread.ofVirtual().start(() -> serve(oracle, script, socket));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new IllegalStateException("Port " + port() + " accepts no more", e);
        }
      }
    }
  }

  private void serve(Oracle oracle, Script script, Socket socket) {
    try (socket) {
      script.serve(new Wire(socket, oracle));
    } catch (IOException e) {
      // The peer went away: scripts end when their connection does.
    } finally {
      open.remove(socket);
    }
  }

  int port() {
    return ((InetSocketAddress) listener.getLocalSocketAddress()).getPort();
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : open) {
      socket.close();
    }
    for (SocketChannel filler : fillers) {
      filler.close();
    }
  }
}
