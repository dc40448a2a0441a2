package dev.sluice.chaos.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** Rewrites one class file; counts what it changed. Not for several threads. */
public final class Rewriting {

  private static final ClassDesc AGENT = ClassDesc.of("dev.sluice.chaos.agent.ChaosAgent");
  private static final MethodTypeDesc REACHED = MethodTypeDesc.of(ConstantDescs.CD_void);

  private static final MethodTypeDesc SHOWN =
      MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_Object);

  private static final String PID = Long.toString(ProcessHandle.current().pid());

  private final ClassFile classFile;
  private final AtomicInteger changes = new AtomicInteger();
  private byte[] bytes;

  /**
   * @param loader finds the classes that the class names
   */
  public Rewriting(ClassLoader loader, byte[] original) {
    classFile =
        ClassFile.of(
            ClassFile.ClassHierarchyResolverOption.of(
                ClassHierarchyResolver.ofResourceParsing(loader)
                    .orElse(ClassHierarchyResolver.defaultResolver())));
    bytes = original;
  }

  /** Gives the class as it is now. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Gives how many places were changed. */
  public int changeCount() {
    return changes.get();
  }

  /** Calls the agent at a place. */
  public Rewriting reach(Place place) {
    return transform(place::isIn, at(place));
  }

  private CodeTransform at(Place place) {
    return switch (place.where()) {
      case ENTRY -> new AtStart(builder -> builder.invokestatic(AGENT, "reached", REACHED));
      case RETURN -> before(Place::isReturn);
      case BEFORE_CALL -> before(place::isCall);
      case AFTER_CALL ->
          (builder, element) -> {
            builder.with(element);
            if (place.isCall(element)) {
              reached(builder);
            }
          };
    };
  }

  private CodeTransform before(Predicate<Object> wanted) {
    return (builder, element) -> {
      if (wanted.test(element)) {
        reached(builder);
      }
      builder.with(element);
    };
  }

  private void reached(CodeBuilder builder) {
    builder.invokestatic(AGENT, "reached", REACHED);
    changes.incrementAndGet();
  }

  /** Shows the agent what a method is called with. */
  public Rewriting show(String className, String method, int parameter) {
    Place place = Place.entry(className, method);
    return transform(
        place::isIn,
        new AtStart(
            builder ->
                builder
                    .aload(builder.parameterSlot(parameter))
                    .invokestatic(AGENT, "shown", SHOWN)));
  }

  /** Breaks the class. */
  public Rewriting apply(Change change) {
    return switch (change) {
      case Change.NoCall(String className, String method, String call) -> {
        Place place = Place.before(className, method, call);
        yield transform(place::isIn, without(place));
      }
      case Change.Text(_, String from, String to) -> transform(_ -> true, text(from, to));
      case Change.Argument(_, String method, int parameter, int value) ->
          argument(method, parameter, value);
    };
  }

  private Rewriting argument(String method, int parameter, int value) {
    CodeTransform ofInt =
        new AtStart(
            builder -> builder.loadConstant(value).istore(builder.parameterSlot(parameter)));
    CodeTransform ofLong =
        new AtStart(
            builder -> builder.loadConstant((long) value).lstore(builder.parameterSlot(parameter)));
    return transform(
            candidate -> isNamed(candidate, method, -1) && !isLong(candidate, parameter), ofInt)
        .transform(
            candidate -> isNamed(candidate, method, -1) && isLong(candidate, parameter), ofLong);
  }

  private static boolean isLong(MethodModel method, int parameter) {
    return method.methodTypeSymbol().parameterType(parameter).equals(ConstantDescs.CD_long);
  }

  private static boolean isNamed(MethodModel method, String name, int parameters) {
    return method.methodName().equalsString(name)
        && (parameters < 0 || method.methodTypeSymbol().parameterCount() == parameters);
  }

  /** Writes something before the first instruction. */
  private final class AtStart implements CodeTransform {
    private final Consumer<CodeBuilder> written;

    AtStart(Consumer<CodeBuilder> written) {
      this.written = written;
    }

    @Override
    public void atStart(CodeBuilder builder) {
      written.accept(builder);
      changes.incrementAndGet();
    }

    @Override
    public void accept(CodeBuilder builder, CodeElement element) {
      builder.with(element);
    }
  }

  private CodeTransform without(Place place) {
    return (builder, element) -> {
      if (!(element instanceof InvokeInstruction invoke && place.isCall(element))) {
        builder.with(element);
        return;
      }
      MethodTypeDesc type = invoke.typeSymbol();
      for (ClassDesc parameter : type.parameterList().reversed()) {
        pop(builder, TypeKind.from(parameter));
      }
      if (invoke.opcode() != Opcode.INVOKESTATIC) {
        builder.pop();
      }
      zero(builder, TypeKind.from(type.returnType()));
      changes.incrementAndGet();
    };
  }

  private CodeTransform text(String from, String to) {
    return (builder, element) -> {
      if (element instanceof ConstantInstruction constant
          && constant.constantValue() instanceof String value
          && value.contains(from)) {
        builder.loadConstant(value.replace(from, to.replace("%p", PID)));
        changes.incrementAndGet();
      } else {
        builder.with(element);
      }
    };
  }

  private Rewriting transform(Predicate<MethodModel> wanted, CodeTransform code) {
    bytes =
        classFile.transformClass(
            classFile.parse(bytes), ClassTransform.transformingMethodBodies(wanted, code));
    return this;
  }

  private static void pop(CodeBuilder builder, TypeKind kind) {
    if (kind.slotSize() == 2) {
      builder.pop2();
    } else {
      builder.pop();
    }
  }

  private static void zero(CodeBuilder builder, TypeKind kind) {
    switch (kind) {
      case VOID -> {}
      case REFERENCE -> builder.aconst_null();
      case LONG -> builder.lconst_0();
      case FLOAT -> builder.fconst_0();
      case DOUBLE -> builder.dconst_0();
      case INT, BOOLEAN, BYTE, CHAR, SHORT -> builder.iconst_0();
    }
  }
}
