using MfpClip.Tensors;

namespace MfpClip.Tests.Tensors;

public class ParameterInitializerTests
{
    [Fact]
    public void Same_seed_and_name_give_the_same_values_and_others_do_not()
    {
        using var scope = torch.NewDisposeScope();
        var a = new ParameterInitializer(7).Uniform("sp.stage1.adapter1.weight", 4, 8, 4);

        TensorAssert.Close(a, new ParameterInitializer(7).Uniform("sp.stage1.adapter1.weight", 4, 8, 4), 0);
        TensorAssert.Differs(a, new ParameterInitializer(8).Uniform("sp.stage1.adapter1.weight", 4, 8, 4), 0.01);
        TensorAssert.Differs(a, new ParameterInitializer(7).Uniform("sp.stage1.adapter2.weight", 4, 8, 4), 0.01);
    }

    [Fact]
    public void Uniform_fills_the_interval_of_PyTorchs_linear_layer()
    {
        using var scope = torch.NewDisposeScope();
        var x = new ParameterInitializer(1).Uniform("w", fanIn: 16, 100, 100);

        Assert.InRange(x.abs().max().item<float>(), 0.249f, 0.25f); // 1 / sqrt(16)
        Assert.InRange(x.mean().item<float>(), -0.01f, 0.01f);
        Assert.InRange(x.std().item<float>(), 0.141f, 0.148f); // 0.5 / sqrt(12)
    }

    [Fact]
    public void The_global_random_stream_is_left_alone()
    {
        using var scope = torch.NewDisposeScope();
        torch.manual_seed(5);
        var expected = torch.rand(4);
        torch.manual_seed(5);
        _ = new ParameterInitializer(1).Uniform("w", 4, 8, 4);

        TensorAssert.Close(expected, torch.rand(4), 0);
    }
}
