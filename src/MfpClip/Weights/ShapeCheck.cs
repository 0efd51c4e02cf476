namespace MfpClip.Weights;

/// <summary>Compares the tensors of a file with those that a model needs: strict, and all differences in one error.</summary>
/// <param name="file">Opened file.</param>
/// <param name="model">Who needs the tensors, as the error says it.</param>
internal sealed class ShapeCheck(IWeightFile file, string model = "the model")
{
    private readonly List<string> _missing = [];
    private readonly List<string> _wrong = [];

    /// <summary>Compares a whole file, tensor by tensor under the same names.</summary>
    /// <param name="file">Opened file.</param>
    /// <param name="needed">Every tensor of the model.</param>
    /// <param name="model">Who needs them, as the error says it.</param>
    /// <param name="foreign">Tensors of the file that belong to nobody and are ignored; <see langword="null"/>: none may be.</param>
    /// <exception cref="WeightsMismatchException">Lists every tensor that is missing, unexpected or of another shape.</exception>
    public static void Require(
        IWeightFile file, IEnumerable<(string Name, long[] Shape)> needed, string model = "the model", Func<string, bool>? foreign = null)
    {
        var check = new ShapeCheck(file, model);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, shape) in needed)
        {
            known.Add(name);
            check.Compare(name, name, shape);
        }

        check.Finish(file.Tensors.Keys.Where(n => !known.Contains(n) && foreign?.Invoke(n) != true));
    }

    /// <summary>Compares one tensor.</summary>
    /// <param name="source">Its name in the file.</param>
    /// <param name="name">Its name in the model.</param>
    /// <param name="needed">Its shape in the file's layout.</param>
    public void Compare(string source, string name, IReadOnlyList<long> needed)
    {
        if (!file.Tensors.TryGetValue(source, out var found))
        {
            Missing(source);
        }
        else if (!found.Shape.SequenceEqual(needed))
        {
            _wrong.Add($"{name} is [{string.Join(", ", found.Shape)}], {model} needs [{string.Join(", ", needed)}]");
        }
    }

    /// <summary>Notes a tensor that the file lacks.</summary>
    public void Missing(string name) => _missing.Add(name);

    /// <summary>Ends the comparison.</summary>
    /// <param name="unexpected">Tensors of the file that the model does not know.</param>
    /// <exception cref="WeightsMismatchException">Something differs.</exception>
    public void Finish(IEnumerable<string> unexpected)
    {
        List<string> more = [.. unexpected.Order(StringComparer.Ordinal)];
        if (_missing.Count + more.Count + _wrong.Count > 0)
        {
            throw new WeightsMismatchException(file.Path, _missing, more, _wrong);
        }
    }
}
