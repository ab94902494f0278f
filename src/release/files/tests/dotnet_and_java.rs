//! Files of Maven, Gradle and MSBuild.

use super::{case, run_all};

#[test]
fn pom_xml() {
    run_all(&[
        case(
            "comments, the parent's version, dependencies of the same number",
            "1.2.1",
            &[(
                "pom.xml",
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- <version>1.2.0</version> -->\n<project xmlns=\"http://maven.apache.org/POM/4.0.0\"\n   x = 'y'>\n  \
                 <parent>\n    <groupId>o</groupId><artifactId>parent</artifactId>\n    <version>1.2.0</version>\n  </parent>\n  <artifactId>a</artifactId>\n  \
                 <version >«1.2.0→1.2.1»</version ><!-- 1.2.0 -->\n  <dependencies><dependency><groupId>o</groupId><artifactId>b</artifactId>\n    \
                 <version>1.2.0</version></dependency></dependencies>\n  <build  />\n</project>\n",
            )],
        ),
        case(
            "CDATA in two pieces, comments and white space around",
            "1.2.1",
            &[(
                "pom.xml",
                "<project><groupId>g</groupId><artifactId>a</artifactId><version>\n   <!-- was 1.1 --><![CDATA[«1.2.0→1.2.1»]]>«-SNAPSHOT→»<!-- end --> \n</version></project>\n",
            )],
        ),
        case(
            "properties of continuous builds, in another encoding",
            "1.2.1",
            &[(
                "pom.xml",
                "<?xml version='1.0' encoding='ISO-8859-1'?>\n<project><artifactId>é</artifactId><version>${revision}${changelist}</version>\n<properties>\n  \
                 <revision>«1.2.0→1.2.1»</revision><changelist>«-SNAPSHOT→»</changelist>\n  <lib>1.2.0</lib>\n</properties></project>\n",
            )],
        ),
        case(
            "modules that take it from their parent, and ask for each other",
            "2.0.0",
            &[
                (
                    "pom.xml",
                    "<project><groupId>g</groupId><artifactId>r</artifactId><version>«1.2.0→2.0.0»</version><packaging>pom</packaging>\n\
                     <modules><module>a</module><module>sub/b/</module></modules>\n<profiles><profile><modules><module>c</module></modules></profile></profiles></project>\n",
                ),
                (
                    "a/pom.xml",
                    "<project><parent><groupId>g</groupId><artifactId>r</artifactId><version>«1.2.0→2.0.0»</version></parent><artifactId>a</artifactId></project>\n",
                ),
                (
                    "sub/b/pom.xml",
                    "<project><parent><groupId>g</groupId><artifactId>r</artifactId><version>\n«1.2.0→2.0.0»\n</version></parent><artifactId>b</artifactId>\
                     <dependencies><dependency><groupId>g</groupId><artifactId>a</artifactId><version>«1.2.0→2.0.0»</version></dependency>\
                     <dependency><groupId>h</groupId><artifactId>a</artifactId><version>1.2.0</version></dependency>\
                     <dependency><groupId>g</groupId><artifactId>a</artifactId><version>${project.version}</version></dependency></dependencies></project>\n",
                ),
                (
                    "c/pom.xml",
                    "<project><parent><groupId>g</groupId><artifactId>r</artifactId><version>«1.2.0→2.0.0»</version></parent><artifactId>c</artifactId><version>0.5.0</version></project>\n",
                ),
            ],
        ),
        case(
            "a prefix, an entity, a version of Maven itself",
            "1.2.1",
            &[(
                "pom.xml",
                "<m:project xmlns:m='x'><m:modelVersion>1.2.0</m:modelVersion><m:artifactId>a</m:artifactId><m:version>«1&#46;2.0→1.2.1»</m:version></m:project>\n",
            )],
        ),
    ]);
}

#[test]
fn gradle_properties() {
    run_all(&[
        case(
            "plain",
            "1.2.1",
            &[(
                "gradle.properties",
                "# version=1.2.0\nversion=«1.2.0→1.2.1»\nlib.version=1.2.0\nkotlin_version = 1.2.0\n",
            )],
        ),
        case(
            "spaces, a colon, umlauts",
            "1.2.1-rc.1",
            &[("gradle.properties", "name=é\n  version :  «1.2.0→1.2.1-rc.1»\n! version=3\n")],
        ),
        case(
            "lines that go on, two names",
            "1.2.1",
            &[("gradle.properties", "a=b\\\nversion=9\nVERSION_NAME «1.2.0→1.2.1»\nversion=«1.2.0→1.2.1»\nc=\\\\\n")],
        ),
        case(
            "a candidate that becomes a release",
            "1.2.0",
            &[("gradle.properties", "version = «1.2.0-SNAPSHOT→1.2.0»\n")],
        ),
    ]);
}

#[test]
fn projects_of_dotnet() {
    run_all(&[
        case(
            "comments, packages of the same number, numbers of the assembly",
            "1.2.1",
            &[(
                "a.csproj",
                "<Project Sdk=\"Microsoft.NET.Sdk\">\n  <!-- <Version>1.2.0</Version> -->\n  <PropertyGroup>\n    <TargetFramework>net8.0</TargetFramework>\n    \
                 <Version>«1.2.0→1.2.1»</Version>\n    <AssemblyVersion>1.0.0.0</AssemblyVersion>\n    <FileVersion>«1.2.0.0→1.2.1.0»</FileVersion>\n  </PropertyGroup>\n  \
                 <ItemGroup>\n    <PackageReference Include=\"x\" Version=\"1.2.0\" />\n    <PackageReference Include=\"y\"><Version>1.2.0</Version></PackageReference>\n  </ItemGroup>\n</Project>\n",
            )],
        ),
        case(
            "prefix and suffix, which becomes empty",
            "1.2.0",
            &[
                (
                    "src/a/a.fsproj",
                    "<Project><PropertyGroup>\n<VersionPrefix>«1.2.0»</VersionPrefix>\n<VersionSuffix>«rc.1→»</VersionSuffix>\n</PropertyGroup></Project>\n",
                ),
                ("a.sln", "\n"),
            ],
        ),
        case(
            "an empty suffix, which is filled",
            "1.3.0-rc.1",
            &[(
                "a.vbproj",
                "<Project>\n<PropertyGroup Label='é'><VersionPrefix>«1.2.0→1.3.0»</VersionPrefix><VersionSuffix>«→rc.1»</VersionSuffix></PropertyGroup></Project>\n",
            )],
        ),
        case(
            "CDATA, and the other names",
            "1.2.1",
            &[(
                "a.csproj",
                "<Project><PropertyGroup><PackageVersion><![CDATA[«1.2.0→1.2.1»]]></PackageVersion><InformationalVersion>«1.2.0→1.2.1»</InformationalVersion>\
                 <Version>$(PackageVersion)</Version></PropertyGroup></Project>\n",
            )],
        ),
    ]);
}

#[test]
fn directory_build_props() {
    run_all(&[
        case(
            "alone",
            "1.2.1",
            &[(
                "Directory.Build.props",
                "<Project>\n\t<PropertyGroup>\n\t\t<Version>«1.2.0→1.2.1»</Version><!-- 1.2.0 -->\n\t</PropertyGroup>\n</Project>\n",
            )],
        ),
        case(
            "with projects that have it too, or their own",
            "1.2.1",
            &[
                (
                    "Directory.Build.props",
                    "<Project><PropertyGroup Condition=\"'$(X)' == '1.2.0'\"><Version>\n«1.2.0→1.2.1»\n</Version></PropertyGroup></Project>\n",
                ),
                ("all.sln", "Version 1.2.0\n"),
                (
                    "src/a/a.csproj",
                    "<Project><PropertyGroup><Version>«1.2.0→1.2.1»</Version></PropertyGroup></Project>\n",
                ),
                ("src/b/b.csproj", "<Project><PropertyGroup><Version>0.1.0</Version></PropertyGroup></Project>\n"),
                (
                    "samples/deep/er/c.csproj",
                    "<Project><PropertyGroup><Version>1.2.0</Version></PropertyGroup></Project>\n",
                ),
            ],
        ),
        case(
            "a namespace of old",
            "1.2.1-beta.1",
            &[(
                "Directory.Build.props",
                "<?xml version=\"1.0\"?>\n<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\"><PropertyGroup><Version>«1.2.0→1.2.1-beta.1»</Version>\
                 <AssemblyVersion>«1.2.0.0→1.2.1.0»</AssemblyVersion></PropertyGroup></Project>\n",
            )],
        ),
    ]);
}
