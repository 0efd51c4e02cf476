using System.Text.Json;

namespace MfpClip.Cli.Tests;

/// <summary>Baselines as a user runs them, with random weights of the smallest size.</summary>
public sealed class BaselineCommandTests : CategoryCommands
{
    [Theory]
    [InlineData("random scores", "--baseline", "random")]
    [InlineData("local statistics (classical)", "--baseline", "local-statistics")]
    [InlineData("self-comparison of frozen features", "--baseline", "self-comparison")]
    [InlineData("MFP-CLIP (arXiv 2503.12910 v1) with references", "--baseline", "memory-bank", "--shots", "2")]
    [InlineData("MFP-CLIP (arXiv 2503.12910 v1)", "--without", "mpfa", "training")]
    public void Baselines_and_switched_off_modules_are_evaluated_as_any_detector(string method, params string[] arguments)
    {
        Category("set/nut");
        string[] weights = arguments.Any(a => a is "random" or "local-statistics") ? [] : [.. Weights]; // what reads none refuses them

        var (code, text, errors) = Run(
            ["evaluate", "--data", Path.Combine(Folder, "set"), "--out", Path.Combine(Folder, "out"), "--json", .. arguments, .. weights]);

        Assert.True(code == 0, errors);
        using var json = JsonDocument.Parse(text);
        Assert.Equal(method, json.RootElement.GetProperty("method").GetString());
        Assert.InRange(json.RootElement.GetProperty("mean").GetProperty("pixel_auroc").GetDouble(), 0, 1);
        string stages = File.ReadAllText(Path.Combine(Folder, "out", "results.json"));
        Assert.Equal(arguments.Contains("training"), stages.Contains("CLIP projection", StringComparison.Ordinal));
        Assert.Equal(arguments.Contains("memory-bank"), stages.Contains("\"weight\":\"1\"", StringComparison.Ordinal));
        Assert.Equal(arguments.Any(a => a is "random" or "local-statistics"), !stages.Contains("RANDOM weights", StringComparison.Ordinal));
    }

    [Fact]
    public void Baselines_are_put_in_one_table_of_the_lines_that_were_asked_for()
    {
        Category("set/nut");
        Category("set/cap", masks: false);
        string output = Path.Combine(Folder, "out");
        string[] arguments = ["baselines", "--data", Path.Combine(Folder, "set"), "--shots", "1", "2", "--limit", "4", "--out", output];

        var (code, text, errors) = Run([.. arguments, "--lines", "random", "zero-shot", "with-2"]);

        Assert.True(code == 0, errors);
        Assert.Contains("| the model with 2 reference images |", text, StringComparison.Ordinal);
        Assert.DoesNotContain("memory bank", text, StringComparison.Ordinal);
        Assert.Contains("n/a", text, StringComparison.Ordinal); // one category has no masks
        var (again, table, problems) = Run([.. arguments, "--lines", "local-statistics", "--json"]);
        Assert.True(again == 0, problems);
        using var json = JsonDocument.Parse(table);
        string all = File.ReadAllText(json.RootElement.GetProperty("table").GetString()!);
        Assert.Contains("| random scores |", all, StringComparison.Ordinal);
        Assert.Contains("| local statistics (classical) |", all, StringComparison.Ordinal);
    }
}
