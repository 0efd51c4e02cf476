using MfpClip.Tests.Conventions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Xunit.Abstractions;

namespace MfpClip.Tests.Globalization;

/// <summary>
/// No number of the library or the command line is read or written by the culture of the process: an application may run under any. The compiler's own rule
/// (CA1305) does not see numbers in interpolated strings, in joined lists and behind a plus sign.
/// </summary>
public class NumberCultureTests(ITestOutputHelper output)
{
    private static readonly HashSet<SpecialType> _reals = [SpecialType.System_Double, SpecialType.System_Single, SpecialType.System_Decimal];
    private static readonly HashSet<string> _times = ["DateTime", "DateTimeOffset", "DateOnly", "TimeOnly", "Half"];
    private static readonly HashSet<string> _appending = ["Append", "AppendLine", "Write", "WriteLine", "Insert"];

    private const string ImplicitUsings = """
        global using System;
        global using System.Collections.Generic;
        global using System.IO;
        global using System.Linq;
        global using System.Net.Http;
        global using System.Threading;
        global using System.Threading.Tasks;
        """;

    [Fact]
    public void No_number_is_read_or_written_by_the_culture_of_the_process()
    {
        string root = FolderGraph.Repository();
        var trees = new[] { "src", "samples" }.SelectMany(f => Directory.EnumerateFiles(Path.Combine(root, f), "*.cs", SearchOption.AllDirectories))
            .Select(f => (Path: Path.GetRelativePath(root, f).Replace('\\', '/'), Full: f))
            .Where(f => !f.Path.Split('/').Any(p => p is "obj" or "bin") && !f.Path.EndsWith("Program.cs", StringComparison.Ordinal))
            .Select(f => Parse(File.ReadAllText(f.Full), f.Path)).ToList();

        var found = trees.SelectMany(Faults(trees)).ToList();

        output.WriteLine($"{trees.Count} files");
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    [Theory]
    [InlineData("$\"{x}\"")]
    [InlineData("$\"{1:N0}\"")]
    [InlineData("$\"{(double?)x:0.##} s\"")]
    [InlineData("$\"{DateTime.Now}\"")]
    [InlineData("\"a\" + x")]
    [InlineData("x.ToString()")]
    [InlineData("x.ToString(\"0.0\")")]
    [InlineData("string.Join(\", \", list)")]
    [InlineData("string.Format(\"{0}\", x)")]
    [InlineData("double.Parse(\"1.5\").Equals(2) ? \"\" : \"\"")]
    [InlineData("Convert.ToDouble(\"1.5\").Equals(2) ? \"\" : \"\"")]
    [InlineData("new System.Text.StringBuilder().Append(x).Replace(\"a\", \"b\").Length > 0 ? \"\" : \"\"")]
    public void What_depends_on_the_culture_is_seen(string expression) => Assert.Single(FaultsOf(expression));

    [Theory]
    [InlineData("$\"{1} of {list.Count}\"")]
    [InlineData("FormattableString.Invariant($\"{x} and {x:0.0}\" )")]
    [InlineData("string.Create(System.Globalization.CultureInfo.InvariantCulture, $\"{x}\")")]
    [InlineData("x.ToString(\"0.0\", System.Globalization.CultureInfo.InvariantCulture)")]
    [InlineData("string.Join(\", \", new[] { \"a\" })")]
    public void What_does_not_is_left_alone(string expression) => Assert.Empty(FaultsOf(expression));

    private static List<string> FaultsOf(string expression)
    {
        var tree = Parse($"class C {{ string F(double x, List<double> list) => {expression}; }}", "C.cs");
        return [.. Faults([tree])(tree)];
    }

    private static SyntaxTree Parse(string text, string path) =>
        CSharpSyntaxTree.ParseText(text, new CSharpParseOptions(LanguageVersion.Latest, DocumentationMode.None), path);

    private static Func<SyntaxTree, IEnumerable<string>> Faults(IReadOnlyList<SyntaxTree> trees)
    {
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => !Path.GetFileName(p).StartsWith("MfpClip", StringComparison.Ordinal)).Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create("All", [.. trees, Parse(ImplicitUsings, string.Empty)], references,
            new(OutputKind.DynamicallyLinkedLibrary, allowUnsafe: true, nullableContextOptions: NullableContextOptions.Enable));
        return tree =>
        {
            var model = compilation.GetSemanticModel(tree);
            return tree.GetRoot().DescendantNodes().Where(n => Depends(n, model))
                .Select(n => $"{tree.FilePath}:{tree.GetLineSpan(n.Span).StartLinePosition.Line + 1}: {n}".ReplaceLineEndings(" "));
        };
    }

    private static bool Depends(SyntaxNode node, SemanticModel model) => node switch
    {
        InterpolationSyntax hole => !IsInvariant(hole, model) && (IsReal(hole.Expression, model)
            || (hole.FormatClause?.FormatStringToken.ValueText is ['N' or 'n' or 'C' or 'c' or 'P' or 'p', ..]
                && model.GetTypeInfo(hole.Expression).Type is not { Name: "Guid" })),
        BinaryExpressionSyntax plus when plus.IsKind(SyntaxKind.AddExpression) => model.GetTypeInfo(plus).Type?.SpecialType == SpecialType.System_String
            && (IsReal(plus.Left, model) || IsReal(plus.Right, model)),
        InvocationExpressionSyntax call => model.GetSymbolInfo(call).Symbol is IMethodSymbol method && !TakesCulture(call)
            && DependsOn(call, method, model),
        _ => false,
    };

    private static bool DependsOn(InvocationExpressionSyntax call, IMethodSymbol method, SemanticModel model) =>
        (method.Name == "ToString" && call.Expression is MemberAccessExpressionSyntax access && IsReal(access.Expression, model))
        || (method.Name is "Parse" or "TryParse" && IsReal(method.ContainingType))
        || (method.ContainingType.Name == "Convert" && method.Name is "ToDouble" or "ToSingle" or "ToDecimal"
            && method.Parameters is [{ Type.SpecialType: SpecialType.System_String or SpecialType.System_Object }, ..])
        || (method.Name is "Join" or "AppendJoin" && call.ArgumentList.Arguments.Any(a => IsListOfReals(model.GetTypeInfo(a.Expression).Type)))
        || (method.Name is "Format" or "AppendFormat" && call.ArgumentList.Arguments.Any(a => IsReal(a.Expression, model)))
        || (_appending.Contains(method.Name) && method.ContainingType.Name is "StringBuilder" or "TextWriter" or "StreamWriter" or "Console"
            && call.ArgumentList.Arguments.Any(a => IsReal(a.Expression, model)));

    // What takes a FormattableString chooses the culture itself.
    private static bool IsInvariant(SyntaxNode hole, SemanticModel model) =>
        model.GetTypeInfo(hole.Parent!).ConvertedType?.Name == "FormattableString"
            || hole.Ancestors().TakeWhile(a => a is not StatementSyntax).OfType<InvocationExpressionSyntax>().Any(TakesCulture);

    private static bool TakesCulture(InvocationExpressionSyntax call) => call.Expression.ToString().EndsWith("Invariant", StringComparison.Ordinal)
        || call.ArgumentList.Arguments.Any(a => a.ToString().Contains("InvariantCulture", StringComparison.Ordinal));

    private static bool IsReal(ExpressionSyntax expression, SemanticModel model) => model.GetTypeInfo(expression).Type is { } type && IsReal(type);

    private static bool IsReal(ITypeSymbol type)
    {
        type = type is INamedTypeSymbol { OriginalDefinition.SpecialType: SpecialType.System_Nullable_T } nullable ? nullable.TypeArguments[0] : type;
        return _reals.Contains(type.SpecialType) || (type.ContainingNamespace?.Name == "System" && _times.Contains(type.Name));
    }

    private static bool IsListOfReals(ITypeSymbol? type) => type switch
    {
        IArrayTypeSymbol array => IsReal(array.ElementType),
        INamedTypeSymbol { TypeArguments: [var element] } => IsReal(element),
        _ => false,
    };
}
