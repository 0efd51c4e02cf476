using MfpClip.Tensors;
using MfpClip.Weights;

namespace MfpClip.Backbones.Dino.Loading;

/// <summary>Brings a file's tensors into a model, one at a time: the peak is the model in its precision and the largest tensor in float32.</summary>
internal static class DinoWeightLoader
{
    /// <exception cref="WeightsMismatchException">Lists every tensor that is missing, unexpected or of the wrong shape.</exception>
    public static ParameterSet Load(
        IWeightFile file, DinoTensorNames names, DinoConfig config, Device device, ScalarType precision, CancellationToken cancellationToken)
    {
        var shapes = DinoShapes.Of(config).ToList();
        Check(file, names, shapes, config.Width);
        var parameters = new ParameterSet();
        try
        {
            using var guard = torch.no_grad();
            foreach (var (name, shape) in shapes)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var scope = torch.NewDisposeScope();
                parameters.Add(name, Read(file, names, name, shape).to(precision, device).contiguous());
            }

            return parameters;
        }
        catch
        {
            parameters.Dispose();
            throw;
        }
    }

    private static Tensor Read(IWeightFile file, DinoTensorNames names, string name, long[] shape)
    {
        var parts = names.Sources[name].Select(s => file.ReadFinite(s)).ToList();
        var value = (parts.Count == 1 ? parts[0] : torch.cat(parts, 0)).reshape(shape);
        if (DinoShapes.ScaleOf(name) is not { } scale || !names.Sources.TryGetValue(scale, out var sources))
        {
            return value;
        }

        // gamma (W x + b) = (gamma W) x + gamma b, multiplied before the weights are rounded to the model's precision
        var gamma = file.ReadFinite(sources[0]).to_type(ScalarType.Float32);
        return value.to_type(ScalarType.Float32) * gamma.view([-1, .. Enumerable.Repeat(1L, shape.Length - 1)]);
    }

    private static void Check(IWeightFile file, DinoTensorNames names, List<(string Name, long[] Shape)> shapes, long width)
    {
        var check = new ShapeCheck(file);
        var known = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (name, shape) in shapes)
        {
            known.Add(name);
            Compare(check, file, names, name, shape);
        }

        // Layer scales come in pairs for every block, or not at all.
        if (names.Sources.Keys.Any(n => n.Contains(".scale_", StringComparison.Ordinal)))
        {
            foreach (string scale in shapes.Select(s => DinoShapes.ScaleOf(s.Name)).OfType<string>().Distinct())
            {
                known.Add(scale);
                Compare(check, file, names, scale, [width]);
            }
        }

        check.Finish(names.Unknown.Concat(names.Sources.Where(s => !known.Contains(s.Key)).SelectMany(s => s.Value)));
    }

    private static void Compare(ShapeCheck check, IWeightFile file, DinoTensorNames names, string name, long[] shape)
    {
        if (!names.Sources.TryGetValue(name, out var sources))
        {
            check.Missing(name);
            return;
        }

        if (name.EndsWith("in_proj_weight", StringComparison.Ordinal) || name.EndsWith("in_proj_bias", StringComparison.Ordinal))
        {
            shape = [shape[0] / sources.Count, .. shape[1..]];
        }

        foreach (string source in sources)
        {
            // The class token, positions and registers are stored with axes of length 1 before.
            long[] stored = file.Tensors.TryGetValue(source, out var info) ? [.. info.Shape] : [];
            bool same = stored.Length > shape.Length && stored.SkipWhile(n => n == 1).SequenceEqual(shape.SkipWhile(n => n == 1));
            check.Compare(source, name, same ? stored : shape);
        }
    }
}
