using Xunit.Abstractions;

namespace MfpClip.Tests.Conventions;

/// <summary>
/// The layers of <c>src/MfpClip</c> (docs/architecture.md): each folder uses only the folders before it, so there is no cycle, and no method's folder uses
/// another method's.
/// </summary>
public class LayerTests(ITestOutputHelper output)
{
    // In the order of docs/architecture.md and of the table in README.md.
    private static readonly string[] _order =
    [
        "Files", "Diagnostics", "Native", "Tensors", "Weights", "Models", "Parallelism", "Kernels", "Imaging", "Output", "Execution",
        "Backbones", "Text", "Modules",
        "Objectives", "Pipeline", "References", "Calibration", "Detection", "Methods", "Hosting",
    ];

    private static readonly Lazy<FolderGraph> _graph = new(FolderGraph.Read);

    [Fact]
    public void The_sources_compile_so_that_every_name_is_resolved() => None(_graph.Value.Errors);

    [Fact]
    public void Every_folder_has_a_layer()
        => Assert.Equal(_order.Order(StringComparer.Ordinal), _graph.Value.Files.Select(f => Use.Folder(f, 1)).Where(f => f.Length > 0).Distinct()
            .Order(StringComparer.Ordinal));

    [Fact]
    public void A_folder_uses_only_those_before_it()
    {
        var edges = _graph.Value.Uses.ToLookup(u => u.Folders(1));
        foreach (string folder in _order)
        {
            output.WriteLine($"{folder}: {string.Join(", ", _order.Where(o => o != folder && edges.Contains((folder, o))))}");
        }

        var upward = edges.Where(e => e.Key.To.Length > 0 && Array.IndexOf(_order, e.Key.To) > Array.IndexOf(_order, e.Key.From)).ToList();

        None(upward.Select(e => $"{e.Key.From} must not use {e.Key.To}:\n  {string.Join("\n  ", e)}"));
    }

    [Fact]
    public void No_method_uses_another_method()
        => None(_graph.Value.Uses.Where(u => u.Folders(2) is var (from, to) && from != to && IsMethod(from) && IsMethod(to)).Select(u => u.ToString()));

    // Assert.Empty would cut the messages short.
    private static void None(IEnumerable<string> faults) => Assert.True(!faults.Any(), string.Join('\n', faults));

    private static bool IsMethod(string folder) => folder.StartsWith("Methods/", StringComparison.Ordinal);
}
