package dev.sluice.chaos.agent;

import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.ReturnInstruction;

/**
 * A place in the production code.
 *
 * @param className such as {@code dev.sluice.store.jdbc.GroupCommit}
 * @param method its name
 * @param parameters how many it has, where its name alone is not clear; negative for any
 * @param where in the method
 * @param call for places at a call: {@code Owner.method}, the owner without its package
 */
public record Place(String className, String method, int parameters, Where where, String call) {

  /** Where in a method. */
  public enum Where {
    ENTRY,
    RETURN,
    BEFORE_CALL,
    AFTER_CALL
  }

  /** At the first instruction. */
  public static Place entry(String className, String method) {
    return new Place(className, method, -1, Where.ENTRY, "");
  }

  /** Before each normal return. */
  public static Place exit(String className, String method) {
    return new Place(className, method, -1, Where.RETURN, "");
  }

  /** Before each call of another method. */
  public static Place before(String className, String method, String call) {
    return new Place(className, method, -1, Where.BEFORE_CALL, call);
  }

  /** After each call of another method. */
  public static Place after(String className, String method, String call) {
    return new Place(className, method, -1, Where.AFTER_CALL, call);
  }

  /** The same in the overload with so many parameters. */
  public Place of(int count) {
    return new Place(className, method, count, where, call);
  }

  String internalName() {
    return className.replace('.', '/');
  }

  boolean isIn(ClassModel model) {
    return model.thisClass().asInternalName().equals(internalName());
  }

  boolean isIn(MethodModel model) {
    return model.methodName().equalsString(method)
        && (parameters < 0 || model.methodTypeSymbol().parameterCount() == parameters);
  }

  boolean isCall(Object element) {
    if (!(element instanceof InvokeInstruction invoke)) {
      return false;
    }
    String owner = invoke.owner().asInternalName();
    return call.equals(
        owner.substring(owner.lastIndexOf('/') + 1) + "." + invoke.name().stringValue());
  }

  static boolean isReturn(Object element) {
    return element instanceof ReturnInstruction;
  }
}
