using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MfpClip.Docs.Tests;

/// <summary>
/// Every C# fence of the documentation compiles against the assemblies built here. The rules (docs/README.md, "Snippets"): a fence is the body of an
/// asynchronous method whose parameters the comment before it declares; one that declares types is a file of its own. A fence with using directives is
/// complete with those of the SDK; any other has every namespace of MfpClip, TorchSharp and what a host uses.
/// </summary>
public class SnippetTests
{
    private const string SdkUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private const string HostUsings = """
        global using Microsoft.AspNetCore.Builder;
        global using Microsoft.Extensions.Configuration;
        global using Microsoft.Extensions.DependencyInjection;
        global using Microsoft.Extensions.Hosting;
        global using TorchSharp;
        global using static TorchSharp.torch;
        """;

    private static readonly Lazy<CSharpCompilation> _empty = new(() => CSharpCompilation.Create(
        "Snippet", [Parse(SdkUsings)],
        ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(p => MetadataReference.CreateFromFile(p)),
        new(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable)));

    private static readonly Lazy<string> _allUsings = new(() => HostUsings + string.Concat(
        Namespaces(_empty.Value.GlobalNamespace.GetNamespaceMembers().Single(n => n.Name == "MfpClip")).Select(n => $"\nglobal using {n};")));

    private static IEnumerable<Fence> Fences => Repository.Documents.SelectMany(Fence.In).Where(f => f.Language == "csharp");

    public static TheoryData<string> Places => [.. Fences.Select(f => f.ToString())];

    [Theory]
    [MemberData(nameof(Places))]
    public void A_snippet_compiles(string place)
    {
        var faults = Compile(Fences.Single(f => f.ToString() == place));

        Assert.True(faults.Count == 0, string.Join('\n', faults));
    }

    [Theory]
    [InlineData("detector.Detekt(\"part.png\");", "a.md:8")]
    [InlineData("var x = 1;", null)]
    [InlineData("using MfpClip.Calibration;\nvar c = detector.Calibration;\nMapFiles.WriteNpy(\"a\", null!);", "a.md:10")]
    [InlineData("public sealed class Mine : IDisposable\n{\n}", "a.md:8")]
    public void What_does_not_compile_is_reported_with_file_and_line(string code, string? place)
    {
        var faults = Compile(new("a.md", 8, "csharp", "MfpClip.ZeroShotDetector detector", code.Split('\n')));

        Assert.Equal(place is null, faults.Count == 0);
        Assert.All(faults, f => Assert.StartsWith(place!, f, StringComparison.Ordinal));
    }

    private static List<string> Compile(Fence fence)
    {
        string code = string.Join('\n', fence.Text);
        var unit = Parse(code).GetCompilationUnitRoot();
        bool complete = unit.Usings.Count > 0, types = unit.Members.Any(m => m is not GlobalStatementSyntax);
        string usings = string.Join('\n', fence.Text.Select(l => IsUsing(l) ? l : string.Empty));
        string body = string.Join('\n', fence.Text.Select(l => IsUsing(l) ? string.Empty : l));
        string mapped = types ? $"#line {fence.Line} \"{fence.Document}\"\n{code}" : $$"""
            #line {{fence.Line}} "{{fence.Document}}"
            {{usings}}
            #pragma warning disable CS1998
            internal static class Snippet
            {
            #line {{fence.Line}} "{{fence.Document}} (what is given)"
                public static async Task Run({{fence.Given}})
                {
            #line {{fence.Line}} "{{fence.Document}}"
            {{body}}
                }
            }
            """;
        var compilation = complete ? _empty.Value : _empty.Value.AddSyntaxTrees(Parse(_allUsings.Value));
        return
        [
            .. compilation.AddSyntaxTrees(Parse(mapped)).GetDiagnostics()
                .Where(d => d.Severity == DiagnosticSeverity.Error || d.Id is "CS0612" or "CS0618")
                .Select(d => $"{d.Location.GetMappedLineSpan().Path}:{d.Location.GetMappedLineSpan().StartLinePosition.Line + 1}: {d.Id} {d.GetMessage()}"),
        ];
    }

    // A directive, not the declaration of a disposable.
    private static bool IsUsing(string line) => line.StartsWith("using ", StringComparison.Ordinal)
        && !line.StartsWith("using var ", StringComparison.Ordinal) && !line.Contains('(', StringComparison.Ordinal);

    private static SyntaxTree Parse(string code) => CSharpSyntaxTree.ParseText(code, new(LanguageVersion.Latest));

    private static IEnumerable<string> Namespaces(INamespaceSymbol root)
    {
        var inner = root.GetNamespaceMembers().SelectMany(Namespaces);
        return root.GetTypeMembers().Any(t => t.DeclaredAccessibility == Accessibility.Public) ? inner.Prepend(root.ToDisplayString()) : inner;
    }
}
