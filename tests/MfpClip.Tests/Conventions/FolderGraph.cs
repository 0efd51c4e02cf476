using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MfpClip.Tests.Conventions;

/// <summary>
/// Which folder of <c>src/MfpClip</c> uses which, read from the code: every name in a method, signature or attribute is resolved by the compiler to
/// the file that declares it. References in documentation comments do not count.
/// </summary>
internal sealed class FolderGraph
{
    // The generators of LoggerMessage, GeneratedRegex and JsonSerializable do not run here: their members are missing, all else must compile.
    private static readonly HashSet<string> _missingGeneratedCode = ["CS8795", "CS0534", "CS0117", "CS7036"];

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    private FolderGraph(IReadOnlyList<string> files, IReadOnlyList<Use> uses, IReadOnlyList<string> errors) => (Files, Uses, Errors) = (files, uses, errors);

    /// <summary>Paths below <c>src/MfpClip</c>, with forward slashes.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Every use of a symbol that another file declares.</summary>
    public IReadOnlyList<Use> Uses { get; }

    /// <summary>What kept the sources from compiling; names in such places are not resolved.</summary>
    public IReadOnlyList<string> Errors { get; }

    public static FolderGraph Read()
    {
        string root = Path.Combine(Repository(), "src", "MfpClip");
        var options = new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.None);
        var files = Directory.EnumerateFiles(root, "*.cs", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(root, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal).ToList();
        var trees = files.Select(f => CSharpSyntaxTree.ParseText(File.ReadAllText(Path.Combine(root, f)), options, f)).ToList();
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) != "MfpClip.dll").Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            "MfpClip", [.. trees, CSharpSyntaxTree.ParseText(ImplicitUsings, options)], references,
            new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        var errors = compilation.GetDiagnostics().Where(d => d.Severity == DiagnosticSeverity.Error && !_missingGeneratedCode.Contains(d.Id))
            .Select(d => d.ToString()).ToList();
        return new(files, [.. trees.SelectMany(t => UsesIn(t, compilation.GetSemanticModel(t)))], errors);
    }

    private static IEnumerable<Use> UsesIn(SyntaxTree tree, SemanticModel model)
    {
        foreach (var node in tree.GetRoot().DescendantNodes().Where(n => n is SimpleNameSyntax or ImplicitObjectCreationExpressionSyntax))
        {
            var information = model.GetSymbolInfo(node);
            if ((information.Symbol ?? information.CandidateSymbols.FirstOrDefault()) is { } symbol and (
                INamedTypeSymbol or IMethodSymbol or IPropertySymbol or IFieldSymbol or IEventSymbol))
            {
                // A reduced extension method and a constructed generic point back to what was written.
                var declared = (symbol is IMethodSymbol { ReducedFrom: { } extension } ? extension : symbol).OriginalDefinition;
                var places = declared.Locations.Where(l => l.SourceTree is { FilePath.Length: > 0 }).Select(l => l.SourceTree!.FilePath).Distinct().ToList();
                if (places.Count > 0 && !places.Contains(tree.FilePath))
                {
                    yield return new(tree.FilePath, places, tree.GetLineSpan(node.Span).StartLinePosition.Line + 1, declared.ToDisplayString(
                        SymbolDisplayFormat.CSharpShortErrorMessageFormat));
                }
            }
        }
    }

    internal static string Repository()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MfpClip.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("The tests of conventions read the sources: run them inside the repository.");
    }
}

/// <summary>A name in <c>File</c> that one of the files <c>Declared</c> declares (several of a partial type).</summary>
internal sealed record Use(string File, IReadOnlyList<string> Declared, int Line, string Symbol)
{
    /// <summary>The first <paramref name="depth"/> folders of the file and of the nearest declaration, empty at the root.</summary>
    public (string From, string To) Folders(int depth)
    {
        string from = Folder(File, depth);
        return (from, Declared.Select(f => Folder(f, depth)).Contains(from) ? from : Folder(Declared[0], depth));
    }

    public override string ToString() => $"src/MfpClip/{File}:{Line} uses {Symbol} of {Declared[0]}";

    public static string Folder(string file, int depth) => string.Join('/', file.Split('/')[..^1].Take(depth));
}
