namespace MfpClip.Tests.Conventions;

/// <summary>No line of C# is longer than <c>max_line_length</c> in <c>.editorconfig</c>, which the compiler does not check.</summary>
public class LineLengthTests
{
    private const int Longest = 160;

    [Theory]
    [InlineData("src")]
    [InlineData("tests")]
    [InlineData("samples")]
    [InlineData("benchmarks")]
    public void No_line_is_longer_than_the_convention_allows(string folder)
    {
        string root = FolderGraph.Repository();
        var files = Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Split(Path.DirectorySeparatorChar).Any(p => p is "obj" or "bin" or "artifacts")).Order(StringComparer.Ordinal).ToList();
        Assert.NotEmpty(files);

        var longer = files.SelectMany(f => File.ReadLines(f)
            .Select((line, i) => (line.Length, At: $"{Path.GetRelativePath(root, f)}:{i + 1} has {line.Length} columns"))).Where(l => l.Length > Longest);

        Assert.Empty(longer.Select(l => l.At));
    }

    [Fact]
    public void Editors_are_told_the_same_length() =>
        Assert.Contains($"max_line_length = {Longest}", File.ReadAllLines(Path.Combine(FolderGraph.Repository(), ".editorconfig")));
}
