@echo off
rem Runs Graft's program on Windows. NOT TESTED YET: no Windows machine was at hand.
rem   GRAFT_JAR        the jar, where it is neither beside this script nor built in this repository
rem   JAVA_HOME        the JDK to use; else the java on the PATH
rem   GRAFT_JAVA_OPTS  flags for Java, such as -Xmx8g
setlocal
if not defined GRAFT_JAR if exist "%~dp0graft.jar" set "GRAFT_JAR=%~dp0graft.jar"
if not defined GRAFT_JAR if exist "%~dp0..\lib\graft.jar" set "GRAFT_JAR=%~dp0..\lib\graft.jar"
if not defined GRAFT_JAR set "GRAFT_JAR=%~dp0..\examples\target\graft.jar"
if not exist "%GRAFT_JAR%" (
    echo graft: "%GRAFT_JAR%" does not exist. Hint: run mvnw -q -B -ntp package -DskipTests in "%~dp0..".>&2
    exit /b 1
)
set "GRAFT_JAVA=java"
if defined JAVA_HOME set "GRAFT_JAVA=%JAVA_HOME%\bin\java"
"%GRAFT_JAVA%" %GRAFT_JAVA_OPTS% -Dgraft.program=graft -jar "%GRAFT_JAR%" %*
exit /b %ERRORLEVEL%
