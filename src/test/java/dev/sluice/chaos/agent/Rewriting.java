package dev.sluice.chaos.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
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
import java.util.function.Predicate;
import java.util.function.Supplier;

/** Rewrites one class file; counts what it changed. Not for several threads. */
public final class Rewriting {

  private static final ClassDesc AGENT = ClassDesc.of("dev.sluice.chaos.agent.ChaosAgent");
  private static final MethodTypeDesc REACHED = MethodTypeDesc.of(ConstantDescs.CD_void);

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
    return transform(place::isIn, () -> at(place));
  }

  private CodeTransform at(Place place) {
    return switch (place.where()) {
      case ENTRY ->
          new CodeTransform() {
            @Override
            public void atStart(CodeBuilder builder) {
              reached(builder);
            }

            @Override
            public void accept(CodeBuilder builder, CodeElement element) {
              builder.with(element);
            }
          };
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

  /** Breaks the class. */
  public Rewriting apply(Change change) {
    return switch (change) {
      case Change.Nothing(_, String method, int parameters) ->
          replace(candidate -> isNamed(candidate, method, parameters));
      case Change.NoCall(String className, String method, String call) -> {
        Place place = Place.before(className, method, call);
        yield transform(place::isIn, () -> without(place));
      }
      case Change.Text(_, String from, String to) -> transform(_ -> true, () -> text(from, to));
      case Change.Argument(_, String method, int parameter, int value) ->
          transform(
              candidate -> isNamed(candidate, method, -1),
              () -> new SetsArgument(parameter, value));
    };
  }

  private static boolean isNamed(MethodModel method, String name, int parameters) {
    return method.methodName().equalsString(name)
        && (parameters < 0 || method.methodTypeSymbol().parameterCount() == parameters);
  }

  private final class SetsArgument implements CodeTransform {
    private final int parameter;
    private final int value;

    SetsArgument(int parameter, int value) {
      this.parameter = parameter;
      this.value = value;
    }

    @Override
    public void atStart(CodeBuilder builder) {
      builder.loadConstant(value).istore(builder.parameterSlot(parameter));
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

  private Rewriting transform(Predicate<MethodModel> wanted, Supplier<CodeTransform> code) {
    bytes =
        classFile.transformClass(
            classFile.parse(bytes), ClassTransform.transformingMethodBodies(wanted, fresh(code)));
    return this;
  }

  private static CodeTransform fresh(Supplier<CodeTransform> code) {
    return CodeTransform.ofStateful(code);
  }

  private Rewriting replace(Predicate<MethodModel> wanted) {
    bytes =
        classFile.transformClass(
            classFile.parse(bytes),
            ClassTransform.transformingMethods(
                wanted,
                (methods, element) -> {
                  if (element instanceof CodeModel code) {
                    methods.withCode(body -> returnAtOnce(body, code));
                  } else {
                    methods.with(element);
                  }
                }));
    return this;
  }

  private void returnAtOnce(CodeBuilder body, CodeModel code) {
    TypeKind kind = TypeKind.from(code.parent().orElseThrow().methodTypeSymbol().returnType());
    zero(body, kind);
    body.return_(kind);
    changes.incrementAndGet();
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
