package dev.sluice;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** The rooms of the house and who may know whom. */
class RoomRulesTests {

  private static final String ROOT = "dev.sluice.";
  private static final JavaClasses MAIN =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("dev.sluice");

  private static void knowsOnly(String room, String... known) {
    String[] allowed = new String[known.length + 1];
    allowed[0] = ROOT + room + "..";
    for (int i = 0; i < known.length; i++) {
      allowed[i + 1] = ROOT + known[i] + (known[i].equals("store") ? "" : "..");
    }
    classes()
        .that()
        .resideInAPackage(ROOT + room + "..")
        .should(
            com.tngtech.archunit.lang.conditions.ArchConditions.onlyDependOnClassesThat(
                com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage(allowed)
                    .or(
                        com.tngtech.archunit.core.domain.JavaClass.Predicates
                            .resideOutsideOfPackage("dev.sluice.."))))
        .because("design: " + room + " may know " + String.join(", ", known))
        .allowEmptyShould(true)
        .check(MAIN);
  }

  @Test
  void roomsHaveNoCycles() {
    slices()
        .matching("dev.sluice.(*)..")
        .should()
        .beFreeOfCycles()
        .because("arrows point one way, so each room can be understood alone")
        .check(MAIN);
  }

  @Test
  void eachRoomKnowsOnlyItsNeighbours() {
    knowsOnly("model");
    knowsOnly("api", "model", "store");
    knowsOnly("intake", "model", "store", "api");
    knowsOnly("store", "model");
    knowsOnly("dispatch", "store", "attempt", "model");
    knowsOnly("attempt", "model");
    knowsOnly("report", "model", "store", "api");
    knowsOnly("control", "model", "store", "api");
    knowsOnly("callback", "model", "store");
    knowsOnly("security", "model", "store", "api");
    knowsOnly("ops", "model", "store");
    knowsOnly("secrets", "model", "store");
    knowsOnly("demo");
  }

  @Test
  void modelKnowsOnlyTheJdkAndJSpecify() {
    classes()
        .that()
        .resideInAPackage("dev.sluice.model..")
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage("dev.sluice.model..", "java..", "org.jspecify..")
        .because("nouns outlive libraries")
        .check(MAIN);
  }

  @Test
  void jdbcLivesInItsAdapter() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.sluice.store.jdbc..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "javax.sql..", "org.sqlite..", "org.flywaydb..")
        .because("one room speaks SQL")
        .check(MAIN);
  }

  @Test
  void resilience4jLivesInDispatchAndItsMetersInOps() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.sluice.dispatch..", "dev.sluice.ops..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.github.resilience4j..")
        .because("limits are decided in one room")
        .check(MAIN);
  }

  @Test
  void webClientAndNettyLiveInAttempt() {
    noClasses()
        .that()
        .resideOutsideOfPackages("dev.sluice.attempt..", "dev.sluice.demo..", "dev.sluice.ops..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.netty..", "reactor.netty..", "org.springframework.web.reactive..")
        .because("one room speaks HTTP outwards")
        .check(MAIN);
  }

  @Test
  void micrometerLivesInOps() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.sluice.ops..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("io.micrometer..")
        .because("rooms tell observers what happened; one room counts")
        .check(MAIN);
  }

  @Test
  void keysOfStorageLiveInSecrets() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.sluice.secrets..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("com.google.crypto..")
        .because("one room holds the keys that secrets are stored under")
        .check(MAIN);
  }

  @Test
  void timeAndChanceAreHandedIn() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.sluice.demo..")
        .should()
        .callMethod(Thread.class, "sleep", long.class)
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(Math.class, "random")
        .orShould()
        .accessField(System.class, "out")
        .because("the dispatch core runs in a seeded simulation")
        .check(MAIN);
  }
}
